import { systemClock } from "#core/clock.ts";
import { environmentOf } from "#functions/shared/deployment/environment.ts";
import { writeMetrics } from "#functions/shared/metrics.ts";
import { KinesisEventJournal } from "#journals/kinesis/kinesis-event-journal.ts";
import { S3DeadLetters } from "#journals/s3/s3-dead-letters.ts";
import { fromItem } from "#stores/dynamodb/artifact-item.ts";
import { publishArchiveHandler } from "./publish-archive.ts";

const environment = environmentOf("publish-archive");

export const handler = publishArchiveHandler({
  journal: new KinesisEventJournal({ streamName: environment.PULSE_EVENTS_STREAM, clock: systemClock }),
  deadLetters: new S3DeadLetters({ bucket: environment.PULSE_DEAD_LETTERS_BUCKET, prefix: "publish-archive" }),
  fromItem,
  onBatch: writeMetrics(environment.AWS_LAMBDA_FUNCTION_NAME),
});
