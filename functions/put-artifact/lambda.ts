import { systemClock } from "#core/clock.ts";
import { environmentOf } from "#functions/shared/environment.ts";
import { DynamoArtifactStore } from "#stores/dynamodb/dynamo-artifact-store.ts";
import { putArtifactHandler } from "./put-artifact.ts";

const environment = environmentOf("put-artifact");

export const handler = putArtifactHandler({
  namespaces: environment.PULSE_NAMESPACES,
  artifacts: new DynamoArtifactStore({ tableName: environment.PULSE_ARTIFACTS_TABLE }),
  now: systemClock.now,
});
