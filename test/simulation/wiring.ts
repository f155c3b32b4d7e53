import type { Client } from "@opensearch-project/opensearch";
import type { Clock } from "#core/clock.ts";
import type { EventIntake } from "#core/events/create-events.ts";
import { startOfStream } from "#core/events/follow-events.ts";
import type { DeadLetterPlace } from "#core/events/index-entries.ts";
import { indexEventsHandler } from "#functions/index-events/index-events.ts";
import { type QueryEventsOptions, queryEventsHandler } from "#functions/query-events/query-events.ts";
import type { ApiHandler } from "#functions/shared/http/api.ts";
import type { StreamConsumer, StreamConsumerOptions } from "#functions/shared/streams/stream-consumer.ts";
import { OpenSearchEventStore, type OpenSearchStoreOptions } from "#stores/opensearch/opensearch-event-store.ts";
import type { Send } from "#test/simulation/opensearch-client.ts";
import type { SimulatedOpenSearch } from "#test/simulation/simulated-opensearch.ts";

/** What stands around what an adapter sends. */
export interface Surroundings {
  readonly openSearch: SimulatedOpenSearch;
  /** Of the process. */
  readonly clock: Clock;
}

/** How the parts of the product are put together in a run. A broken variant puts one of them together wrongly. */
export interface Wiring {
  /** What the adapter sends to OpenSearch. */
  readonly send: (send: Send, surroundings: Surroundings) => Send;
  readonly store: (client: Client, options: OpenSearchStoreOptions) => OpenSearchEventStore;
  readonly indexEvents: (options: StreamConsumerOptions, clock: Clock) => StreamConsumer;
  readonly queryEvents: (options: QueryEventsOptions) => ApiHandler;
  readonly startOfStream: typeof startOfStream;
  readonly deadLetters: (place: DeadLetterPlace) => DeadLetterPlace;
  readonly intake: (intake: EventIntake) => EventIntake;
}

export const PRODUCT: Wiring = {
  send: (send) => send,
  store: (client, options) => new OpenSearchEventStore(client, options),
  indexEvents: indexEventsHandler,
  queryEvents: queryEventsHandler,
  startOfStream,
  deadLetters: (place) => place,
  intake: (intake) => intake,
};
