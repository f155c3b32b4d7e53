import { systemClock } from "#core/clock.ts";
import { declarationOf, HAPROXY_EVENT_TYPE } from "#core/events/event-types.ts";
import { DEFAULT_NAMESPACE } from "#core/namespaces.ts";
import { environmentOf } from "#functions/shared/environment.ts";
import { openEventStore, openSearchSettings } from "#functions/shared/open-event-store.ts";
import { openSavedObjectsApi } from "#stores/opensearch/dashboards/saved-objects-api.ts";
import { updateDashboardsHandler } from "./update-dashboards.ts";

const environment = environmentOf("update-dashboards");
const { PULSE_NAMESPACES, PULSE_EVENT_TYPES, PULSE_DASHBOARDS_URL } = environment;

export const handler = updateDashboardsHandler({
  store: await openEventStore(environment),
  dashboards: await openSavedObjectsApi({ ...openSearchSettings(environment), url: PULSE_DASHBOARDS_URL }),
  namespaces: [DEFAULT_NAMESPACE, ...PULSE_NAMESPACES],
  retentionDays: declarationOf(HAPROXY_EVENT_TYPE, PULSE_EVENT_TYPES).retentionDays,
  clock: systemClock,
});
