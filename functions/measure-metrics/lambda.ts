import { deployedMeasuring } from "#functions/shared/deployment/deployed-measuring.ts";
import { environmentOf } from "#functions/shared/deployment/environment.ts";
import { openEventStore } from "#functions/shared/deployment/open-event-store.ts";
import { writeUnmeasured } from "#functions/shared/metrics.ts";
import { measureMetricsHandler } from "./measure-metrics.ts";

const environment = environmentOf("measure-metrics");

export const handler = measureMetricsHandler(
  environment.PULSE_NAMESPACES,
  { ...deployedMeasuring(environment), store: await openEventStore(environment) },
  writeUnmeasured(environment.AWS_LAMBDA_FUNCTION_NAME),
);
