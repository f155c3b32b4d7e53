import { systemClock } from "#core/clock.ts";
import { targetRefusal } from "#functions/shared/allowed-targets.ts";
import { egressGuard } from "#functions/shared/egress-guard.ts";
import { environmentOf } from "#functions/shared/environment.ts";
import { triggerChecks } from "#functions/shared/trigger-checks.ts";
import { DynamoArtifactStore } from "#stores/dynamodb/dynamo-artifact-store.ts";
import { putArtifactHandler } from "./put-artifact.ts";

const environment = environmentOf("put-artifact");

export const handler = putArtifactHandler({
  namespaces: environment.PULSE_NAMESPACES,
  artifacts: new DynamoArtifactStore({ tableName: environment.PULSE_ARTIFACTS_TABLE }),
  now: systemClock.now,
  checks: triggerChecks({
    refuseHost: egressGuard({ allowed: environment.PULSE_WEBHOOK_NETWORKS }).refuseHost,
    refuseTarget: targetRefusal({
      buses: environment.PULSE_TRIGGER_BUSES,
      functions: environment.PULSE_TRIGGER_FUNCTIONS,
    }),
  }),
});
