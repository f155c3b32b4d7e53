import { RateLimits } from "#core/triggers/rate-limits.ts";
import { environmentOf } from "#functions/shared/deployment/environment.ts";
import { openTriggers } from "#functions/shared/deployment/triggers-of-deployment.ts";
import { writeMetrics } from "#functions/shared/metrics.ts";
import { SqsDeliveryQueue } from "#journals/sqs/sqs-delivery-queue.ts";
import { runTriggersHandler } from "./run-triggers.ts";

const environment = environmentOf("run-triggers");

export const handler = runTriggersHandler(
  {
    ...openTriggers(environment),
    limits: new RateLimits(),
    queue: new SqsDeliveryQueue({ queueUrl: environment.PULSE_DELIVERIES_URL }),
  },
  writeMetrics(environment.AWS_LAMBDA_FUNCTION_NAME),
);
