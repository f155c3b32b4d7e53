import { declaringTypes } from "#core/artifacts/type-declaring-store.ts";
import { systemClock } from "#core/clock.ts";
import type { TypeRegister } from "#core/events/types/type-register.ts";
import { environmentOf } from "#functions/shared/deployment/environment.ts";
import { targetRefusal } from "#functions/shared/triggers/allowed-targets.ts";
import { egressGuard } from "#functions/shared/triggers/egress-guard.ts";
import { triggerChecks } from "#functions/shared/triggers/trigger-checks.ts";
import { DynamoArtifactStore } from "#stores/dynamodb/dynamo-artifact-store.ts";
import { putArtifactHandler } from "./put-artifact.ts";

const environment = environmentOf("put-artifact");

let register: Promise<TypeRegister> | undefined;

/** Only with the first declaration of a type: most artifacts are none, and the client takes its time. */
function openRegister(): Promise<TypeRegister> {
  register ??= import("#functions/shared/deployment/open-type-register.ts").then(({ openTypeRegister }) =>
    openTypeRegister(environment),
  );
  return register;
}

export const handler = putArtifactHandler({
  namespaces: environment.PULSE_NAMESPACES,
  artifacts: declaringTypes(new DynamoArtifactStore({ tableName: environment.PULSE_ARTIFACTS_TABLE }), openRegister),
  now: systemClock.now,
  checks: triggerChecks({
    refuseHost: egressGuard({ allowed: environment.PULSE_WEBHOOK_NETWORKS }).refuseHost,
    refuseTarget: targetRefusal({
      buses: environment.PULSE_TRIGGER_BUSES,
      functions: environment.PULSE_TRIGGER_FUNCTIONS,
    }),
  }),
});
