import { readEventRecord } from "#functions/shared/streams/read-event-record.ts";
import {
  type StreamConsumer,
  type StreamConsumerOptions,
  streamConsumer,
} from "#functions/shared/streams/stream-consumer.ts";

/** From the stream `events` into the store. */
export const indexEventsHandler = (options: StreamConsumerOptions): StreamConsumer =>
  streamConsumer(readEventRecord, options);
