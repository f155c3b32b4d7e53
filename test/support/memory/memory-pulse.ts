import { declaringTypes } from "#core/artifacts/type-declaring-store.ts";
import { systemClock } from "#core/clock.ts";
import { EventFeeds } from "#core/events/stream/event-feed.ts";
import { installAwsLambda } from "#dev/awslambda.ts";
import { consumeJournal } from "#dev/journal-consumer.ts";
import type { HttpHandlers } from "#dev/local-server.ts";
import { aggregateEventsHandler } from "#functions/aggregate-events/aggregate-events.ts";
import { createEventsHandler } from "#functions/create-events/create-events.ts";
import { describeApiHandler } from "#functions/describe-api/describe-api.ts";
import { indexHaproxyLogsHandler } from "#functions/index-haproxy-logs/index-haproxy-logs.ts";
import { putArtifactHandler } from "#functions/put-artifact/put-artifact.ts";
import { queryEventsHandler } from "#functions/query-events/query-events.ts";
import { readArtifactsHandler } from "#functions/read-artifacts/read-artifacts.ts";
import { receiveHaproxyLogsHandler } from "#functions/receive-haproxy-logs/receive-haproxy-logs.ts";
import { refuseUnmatchedHandler } from "#functions/refuse-unmatched/refuse-unmatched.ts";
import { type Admit, admitEveryone } from "#functions/shared/auth/admit.ts";
import { streamEventsHandler } from "#functions/stream-events/stream-events.ts";
import { openLocalJournal } from "#journals/local/local-event-journal.ts";
import { openLocalLogJournal } from "#journals/local/local-log-journal.ts";
import { openDatabase } from "#stores/embedded/database.ts";
import { EmbeddedArtifactStore } from "#stores/embedded/embedded-artifact-store.ts";
import { EmbeddedEventStore } from "#stores/embedded/embedded-event-store.ts";
import { EmbeddedIdempotencyKeys } from "#stores/embedded/idempotency-keys.ts";
import { parseHaproxyLine } from "#test/support/samples/parse-haproxy-line.ts";

export interface MemoryPulse {
  readonly handlers: HttpHandlers;
  readonly feeds: EventFeeds;
  readonly close: () => Promise<void>;
}

/** Nothing is to go wrong here. */
const refuse = (fault: unknown): never => {
  throw fault;
};

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
    onError: refuse,
  });
  journal.onAppended(() => feeds.poke());
  const logs = openLocalLogJournal({ database });
  const consumer = consumeJournal({
    journal: logs,
    handler: indexHaproxyLogsHandler({ store, deadLetters: { take: refuse }, parse: parseHaproxyLine }),
    clock: systemClock,
    after: 0n,
    onProgress: () => feeds.poke(),
    onError: refuse,
  });
  const intake = { journal, keys: new EmbeddedIdempotencyKeys(database), now: Date.now };
  const artifacts = declaringTypes(new EmbeddedArtifactStore({ database, journal }), async () => store);
  const reading = { namespaces, store, clock: systemClock };
  return {
    handlers: {
      "create-events": createEventsHandler(namespaces, intake),
      "receive-haproxy-logs": receiveHaproxyLogsHandler({
        namespaces,
        journal: logs,
        parse: parseHaproxyLine,
        now: Date.now,
        zone: "UTC",
      }),
      "query-events": queryEventsHandler({ ...reading, viewWindowMs: 30_000 }),
      "aggregate-events": aggregateEventsHandler(reading),
      "stream-events": streamEventsHandler({ namespaces, feeds, admit, leaseMs }),
      "put-artifact": putArtifactHandler({ namespaces, artifacts, now: Date.now }),
      "read-artifacts": readArtifactsHandler({ ...reading, artifacts }),
      "describe-api": describeApiHandler({ ...reading, engines: { store: "embedded", journal: "local" } }),
      "refuse-unmatched": refuseUnmatchedHandler(namespaces),
    },
    feeds,
    async close() {
      await consumer.close();
      journal.close();
      logs.close();
      database.close();
    },
  };
}
