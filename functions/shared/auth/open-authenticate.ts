import { systemClock } from "#core/clock.ts";
import { type Authenticate, authenticator } from "#functions/shared/auth/authenticate.ts";
import { tokenVerifier } from "#functions/shared/auth/token-verifier.ts";
import type { Environment } from "#functions/shared/deployment/environment.ts";
import { DynamoApiKeys } from "#stores/dynamodb/dynamo-api-keys.ts";

/** Callers by tokens of the issuer, and by keys of the table, that an environment names. */
export const openAuthenticate = (environment: Environment<"authorize-request">): Authenticate =>
  authenticator(
    tokenVerifier({
      issuer: environment.PULSE_OIDC_ISSUER,
      audience: environment.PULSE_OIDC_AUDIENCE,
      scopes: {
        read: environment.PULSE_OIDC_READ_SCOPE,
        write: environment.PULSE_OIDC_WRITE_SCOPE,
        declare: environment.PULSE_OIDC_DECLARE_SCOPE,
      },
      clock: systemClock,
    }),
    new DynamoApiKeys({ tableName: environment.PULSE_API_KEYS_TABLE }),
  );
