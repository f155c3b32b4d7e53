import { systemClock } from "#core/clock.ts";
import { environmentOf } from "#functions/shared/environment.ts";
import { openEventStore } from "#functions/shared/open-event-store.ts";
import { describeApiHandler } from "./describe-api.ts";

const environment = environmentOf("describe-api");

export const handler = describeApiHandler({
  namespaces: environment.PULSE_NAMESPACES,
  store: await openEventStore(environment),
  clock: systemClock,
  engines: { store: "opensearch", journal: "kinesis" },
});
