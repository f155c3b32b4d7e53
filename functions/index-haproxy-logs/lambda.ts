import { haproxyParser } from "#core/haproxy/parser/haproxy-parser.ts";
import { deployedFormats } from "#functions/shared/deployment/deployed-formats.ts";
import { environmentOf } from "#functions/shared/deployment/environment.ts";
import { openEventStore } from "#functions/shared/deployment/open-event-store.ts";
import { writeMetrics } from "#functions/shared/metrics.ts";
import { S3DeadLetters } from "#journals/s3/s3-dead-letters.ts";
import { indexHaproxyLogsHandler } from "./index-haproxy-logs.ts";

const environment = environmentOf("index-haproxy-logs");

export const handler = indexHaproxyLogsHandler({
  store: await openEventStore(environment),
  deadLetters: new S3DeadLetters({ bucket: environment.PULSE_DEAD_LETTERS_BUCKET, prefix: "index-haproxy-logs" }),
  parse: haproxyParser({ formats: deployedFormats(environment.PULSE_HAPROXY_FORMATS_FILE) }),
  onBatch: writeMetrics(environment.AWS_LAMBDA_FUNCTION_NAME),
});
