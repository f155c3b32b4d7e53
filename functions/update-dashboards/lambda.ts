import { parseSource } from "#core/artifacts/read-source.ts";
import { systemClock } from "#core/clock.ts";
import { declarationOf, HAPROXY_EVENT_TYPE } from "#core/events/types/event-types.ts";
import { DEFAULT_NAMESPACE } from "#core/namespaces.ts";
import { environmentOf } from "#functions/shared/deployment/environment.ts";
import { openEventStore, openSearchSettings } from "#functions/shared/deployment/open-event-store.ts";
import { DynamoArtifactStore } from "#stores/dynamodb/dynamo-artifact-store.ts";
import { openSavedObjectsApi } from "#stores/opensearch/dashboards/saved-objects-api.ts";
import { updateDashboardsHandler } from "./update-dashboards.ts";

const environment = environmentOf("update-dashboards");
const { PULSE_NAMESPACES, PULSE_EVENT_TYPES, PULSE_DASHBOARDS_URL } = environment;

export const handler = updateDashboardsHandler({
  store: await openEventStore(environment),
  dashboards: await openSavedObjectsApi({ ...openSearchSettings(environment), url: PULSE_DASHBOARDS_URL }),
  declarations: {
    artifacts: new DynamoArtifactStore({ tableName: environment.PULSE_ARTIFACTS_TABLE }),
    readSource: ({ source, format }) => parseSource(source, format),
  },
  namespaces: [DEFAULT_NAMESPACE, ...PULSE_NAMESPACES],
  retentionDays: declarationOf(HAPROXY_EVENT_TYPE, PULSE_EVENT_TYPES).retentionDays,
  clock: systemClock,
});
