import { environmentOf } from "#functions/shared/deployment/environment.ts";
import { openEventStore } from "#functions/shared/deployment/open-event-store.ts";
import { writeMetrics } from "#functions/shared/metrics.ts";
import { S3DeadLetters } from "#journals/s3/s3-dead-letters.ts";
import { indexEventsHandler } from "./index-events.ts";

const environment = environmentOf("index-events");

export const handler = indexEventsHandler({
  store: await openEventStore(environment),
  deadLetters: new S3DeadLetters({ bucket: environment.PULSE_DEAD_LETTERS_BUCKET, prefix: "index-events" }),
  onBatch: writeMetrics(environment.AWS_LAMBDA_FUNCTION_NAME),
});
