import { systemClock } from "#core/clock.ts";
import { environmentOf } from "#functions/shared/deployment/environment.ts";
import { eventStoreOnDemand } from "#functions/shared/deployment/event-store-on-demand.ts";
import { describeApiHandler } from "./describe-api.ts";

const environment = environmentOf("describe-api");

export const handler = describeApiHandler({
  namespaces: environment.PULSE_NAMESPACES,
  store: eventStoreOnDemand(environment),
  clock: systemClock,
  engines: { store: "opensearch", journal: "kinesis" },
});
