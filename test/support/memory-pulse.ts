import { systemClock } from "#core/clock.ts";
import { EventFeeds } from "#core/events/event-feed.ts";
import { installAwsLambda } from "#dev/awslambda.ts";
import type { HttpHandlers } from "#dev/local-server.ts";
import { aggregateEventsHandler } from "#functions/aggregate-events/aggregate-events.ts";
import { createEventsHandler } from "#functions/create-events/create-events.ts";
import { describeApiHandler } from "#functions/describe-api/describe-api.ts";
import { queryEventsHandler } from "#functions/query-events/query-events.ts";
import { refuseUnmatchedHandler } from "#functions/refuse-unmatched/refuse-unmatched.ts";
import { type Admit, admitEveryone } from "#functions/shared/auth/admit.ts";
import { streamEventsHandler } from "#functions/stream-events/stream-events.ts";
import { openLocalJournal } from "#journals/local/local-event-journal.ts";
import { openDatabase } from "#stores/embedded/database.ts";
import { EmbeddedEventStore } from "#stores/embedded/embedded-event-store.ts";
import { EmbeddedIdempotencyKeys } from "#stores/embedded/idempotency-keys.ts";

export interface MemoryPulse {
  readonly handlers: HttpHandlers;
  readonly feeds: EventFeeds;
  readonly close: () => Promise<void>;
}

/** All functions on embedded engines that keep nothing. */
export function openMemoryPulse({
  namespaces = [] as string[],
  leaseMs = 60_000,
  admit = admitEveryone as Admit,
} = {}): MemoryPulse {
  installAwsLambda();
  const database = openDatabase(":memory:");
  const store = new EmbeddedEventStore({ database });
  const journal = openLocalJournal({ database, alongside: (entries) => store.keepInTransaction(entries) });
  const feeds = new EventFeeds({
    store,
    clock: systemClock,
    pollMs: 250,
    onError: (error) => {
      throw error;
    },
  });
  journal.onAppended(() => feeds.poke());
  const intake = { journal, keys: new EmbeddedIdempotencyKeys(database), now: Date.now };
  const reading = { namespaces, store, clock: systemClock };
  return {
    handlers: {
      "create-events": createEventsHandler(namespaces, intake),
      "query-events": queryEventsHandler({ ...reading, viewWindowMs: 30_000 }),
      "aggregate-events": aggregateEventsHandler(reading),
      "stream-events": streamEventsHandler({ namespaces, feeds, admit, leaseMs }),
      "describe-api": describeApiHandler({ ...reading, engines: { store: "embedded", journal: "local" } }),
      "refuse-unmatched": refuseUnmatchedHandler(namespaces),
    },
    feeds,
    async close() {
      journal.close();
      database.close();
    },
  };
}
