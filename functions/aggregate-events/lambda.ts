import { systemClock } from "#core/clock.ts";
import { environmentOf } from "#functions/shared/deployment/environment.ts";
import { openEventStore } from "#functions/shared/deployment/open-event-store.ts";
import { aggregateEventsHandler } from "./aggregate-events.ts";

const environment = environmentOf("aggregate-events");

export const handler = aggregateEventsHandler({
  namespaces: environment.PULSE_NAMESPACES,
  store: await openEventStore(environment),
  clock: systemClock,
});
