import { type ApiKeys, idOfApiKey, isKeyOf, principalOfKey } from "#core/access/api-keys.ts";
import type { Principal } from "#core/access/principal.ts";
import { notAuthenticated, refusedCredentials } from "#functions/shared/auth/challenge.ts";
import type { TokenVerifier } from "#functions/shared/auth/token-verifier.ts";

/**
 * Tells who a caller is by the `Authorization` header. Throws `unauthenticated`, or `unavailable` if nobody can tell.
 */
export type Authenticate = (authorization: string | undefined) => Promise<Principal>;

/** More than API Gateway lets through in all headers together. */
const MAX_CHARACTERS = 10_240;

const CREDENTIALS = /^(bearer|token) +(\S+)$/i;

/** `Bearer <access token>`, or `token <API key>` as Vamp's clients send it. */
export const authenticator =
  (verifyToken: TokenVerifier, keys: Pick<ApiKeys, "find">): Authenticate =>
  async (authorization = "") => {
    if (authorization.length > MAX_CHARACTERS) throw refusedCredentials();
    const [, scheme, credentials] = CREDENTIALS.exec(authorization) ?? [];
    if (scheme === undefined || credentials === undefined) throw notAuthenticated();
    return scheme.toLowerCase() === "bearer" ? verifyToken(credentials) : principalOf(credentials, keys);
  };

async function principalOf(text: string, keys: Pick<ApiKeys, "find">): Promise<Principal> {
  const id = idOfApiKey(text);
  const record = id === undefined ? undefined : await keys.find(id);
  if (record === undefined || !isKeyOf(text, record)) throw refusedCredentials();
  return principalOfKey(record);
}
