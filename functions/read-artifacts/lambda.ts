import { systemClock } from "#core/clock.ts";
import { environmentOf } from "#functions/shared/deployment/environment.ts";
import { eventStoreOnDemand } from "#functions/shared/deployment/event-store-on-demand.ts";
import { DynamoArtifactStore } from "#stores/dynamodb/dynamo-artifact-store.ts";
import { readArtifactsHandler } from "./read-artifacts.ts";

const environment = environmentOf("read-artifacts");

export const handler = readArtifactsHandler({
  namespaces: environment.PULSE_NAMESPACES,
  artifacts: new DynamoArtifactStore({ tableName: environment.PULSE_ARTIFACTS_TABLE }),
  store: eventStoreOnDemand(environment),
  clock: systemClock,
});
