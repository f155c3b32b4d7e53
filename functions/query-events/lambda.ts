import { systemClock } from "#core/clock.ts";
import { environmentOf } from "#functions/shared/deployment/environment.ts";
import { openEventStore } from "#functions/shared/deployment/open-event-store.ts";
import { queryEventsHandler } from "./query-events.ts";

const environment = environmentOf("query-events");

export const handler = queryEventsHandler({
  namespaces: environment.PULSE_NAMESPACES,
  store: await openEventStore(environment),
  clock: systemClock,
  viewWindowMs: environment.PULSE_VIEW_WINDOW_SECONDS * 1000,
});
