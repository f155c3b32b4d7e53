import { systemClock } from "#core/clock.ts";
import { environmentOf } from "#functions/shared/deployment/environment.ts";
import { KinesisEventJournal } from "#journals/kinesis/kinesis-event-journal.ts";
import { DynamoIdempotencyKeys } from "#stores/dynamodb/dynamo-idempotency-keys.ts";
import { createEventsHandler } from "./create-events.ts";

const environment = environmentOf("create-events");

export const handler = createEventsHandler(environment.PULSE_NAMESPACES, {
  journal: new KinesisEventJournal({ streamName: environment.PULSE_EVENTS_STREAM, clock: systemClock }),
  keys: new DynamoIdempotencyKeys({ tableName: environment.PULSE_KEYS_TABLE }),
  now: systemClock.now,
});
