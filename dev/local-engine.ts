import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ArtifactStore } from "#core/artifacts/artifact-store.ts";
import { declaringTypes } from "#core/artifacts/type-declaring-store.ts";
import { systemClock } from "#core/clock.ts";
import { PulseError } from "#core/errors.ts";
import { fromSeq } from "#core/events/event-journal.ts";
import type { EventStore } from "#core/events/event-store.ts";
import { POSITION_LIFETIME_MS } from "#core/events/follow-events.ts";
import type { IdempotencyKeys } from "#core/events/idempotency-keys.ts";
import { EventFeeds } from "#core/events/stream/event-feed.ts";
import { withDefaultTypes } from "#core/events/types/event-types.ts";
import type { TypeRegister } from "#core/events/types/type-register.ts";
import { haproxyTypeOf } from "#core/haproxy/logs/known-format-settings.ts";
import { haproxyParser, type KnownFormat, type LineParser } from "#core/haproxy/parser/haproxy-parser.ts";
import { CheckpointTurns } from "#dev/checkpoint-turns.ts";
import {
  consumeJournal,
  type FollowedJournal,
  type JournalConsumer,
  type JournalConsumerOptions,
  toBatch,
} from "#dev/journal-consumer.ts";
import { indexEventsHandler } from "#functions/index-events/index-events.ts";
import { indexHaproxyLogsHandler } from "#functions/index-haproxy-logs/index-haproxy-logs.ts";
import { log } from "#functions/shared/log.ts";
import type { StreamConsumer } from "#functions/shared/streams/stream-consumer.ts";
import { followedByAll } from "#journals/local/followed-place.ts";
import { LocalDeadLetters } from "#journals/local/local-dead-letters.ts";
import { type LocalEventJournal, openLocalJournal } from "#journals/local/local-event-journal.ts";
import { type LocalLogJournal, openLocalLogJournal } from "#journals/local/local-log-journal.ts";
import { DATABASE_FILE, type EmbeddedDatabase, openDatabase } from "#stores/embedded/database.ts";
import { EmbeddedArtifactStore } from "#stores/embedded/embedded-artifact-store.ts";
import { EmbeddedEventStore } from "#stores/embedded/embedded-event-store.ts";
import { EmbeddedIdempotencyKeys } from "#stores/embedded/idempotency-keys.ts";

/** What the functions of this process work with: journals in a file, a store, and what carries the one to the other. */
export interface Engine {
  readonly name: "embedded" | "opensearch";
  /** The file that all of this is in, but for events in OpenSearch. */
  readonly database: EmbeddedDatabase;
  readonly journal: LocalEventJournal;
  readonly logs: LocalLogJournal;
  /** How log lines are read. */
  readonly parse: LineParser;
  readonly keys: IdempotencyKeys;
  readonly artifacts: ArtifactStore;
  readonly store: EventStore;
  readonly feeds: EventFeeds;
  /** Forgets what is past its retention. */
  tidy(): Promise<void>;
  close(): Promise<void>;
}

/** Streams look at once when this process has written; this poll finds what another process wrote. */
const POLL_MS = 250;
/** Ten megabytes of log lines, compressed: they can be read when all of the batch is kept. */
const LOG_BATCH_BYTES = 1024 * 1024;
/** A thousand lines: nothing else happens in this process while they are kept. */
const EMBEDDED_LOG_BATCH_BYTES = 32 * 1024;

export const reportError = (error: unknown): void =>
  log.error("work in the background failed", { error: error as Error });

export interface EngineOptions {
  /** The folder that the journals, and an embedded store, are kept in, or `:memory:`. */
  readonly data: string;
  /** The log-formats of gateways, besides HAProxy's own. @default - none */
  readonly formats?: readonly KnownFormat[];
}

/** Journal and store in one file: an event is searchable when it is accepted, a log line soon after. */
export async function openEmbedded({ data, formats = [] }: EngineOptions): Promise<Engine> {
  const database = openFile(data);
  const types = withDefaultTypes([haproxyTypeOf(formats)]);
  const store = new EmbeddedEventStore({ database, declared: types });
  const deadLetters = deadLettersIn(data);
  const journal = openLocalJournal({ database, alongside: (entries) => store.keepInTransaction(entries) });
  await catchUp(journal, store, indexEventsHandler({ store, deadLetters }));
  const parts = withJournal(journal, { database, store, register: store, formats });
  const { logs, parse, feeds } = parts;
  journal.onAppended(() => feeds.poke());
  const handler = indexHaproxyLogsHandler({ store, deadLetters, parse });
  const consumer = await follow(logs, handler, feeds, { maxBatchBytes: EMBEDDED_LOG_BATCH_BYTES });
  return {
    name: "embedded",
    ...parts,
    async tidy() {
      await store.forget(Date.now());
      await journal.forget(Date.now() - POSITION_LIFETIME_MS, followedByAll(database));
      await forgetIndexed(logs, store);
    },
    async close() {
      await consumer.close();
      journal.close();
      logs.close();
      database.close();
    },
  };
}

/** Keeps what the journal holds and the store does not: it may have been written while OpenSearch was the store. */
async function catchUp(journal: LocalEventJournal, store: EmbeddedEventStore, handler: StreamConsumer): Promise<void> {
  let done = await lastIndexed(journal, store);
  for (;;) {
    const records = journal.read(done, 100, 4 * 1024 * 1024);
    const last = records.at(-1);
    if (last === undefined) return;
    const { batchItemFailures } = await handler(toBatch(journal.shard, records));
    if (batchItemFailures.length > 0) throw new Error("the journal's events cannot be kept in the data folder");
    done = last.sequenceNumber;
  }
}

/** Journals in the data folder, events in OpenSearch: the same functions as on AWS carry them over. */
export async function openWithOpenSearch({ data, formats = [] }: EngineOptions, url: string): Promise<Engine> {
  // Only now: the client is not needed otherwise, and takes its time.
  const { openOpenSearchEventStore } = await import("#stores/opensearch/opensearch-event-store.ts");
  const { indexTemplates } = await import("#stores/opensearch/index-templates.ts");
  const { installTemplates } = await import("#stores/opensearch/install-templates.ts");
  const { openClient } = await import("#stores/opensearch/client.ts");
  const client = await openClient({ url, auth: "none" });
  const types = withDefaultTypes([haproxyTypeOf(formats)]);
  await installTemplates(client, indexTemplates(types));
  const store = await openOpenSearchEventStore({ url, auth: "none" }, { types });
  const database = openFile(data);
  const deadLetters = deadLettersIn(data);
  const journal = openLocalJournal({ database });
  const parts = withJournal(journal, { database, store, register: store.register, formats });
  const { logs, parse, feeds } = parts;
  const turns = { events: new CheckpointTurns(store), logs: new CheckpointTurns(store) };
  const indexEvents = indexEventsHandler({ store: turns.events, deadLetters });
  const indexLogs = indexHaproxyLogsHandler({ store: turns.logs, deadLetters, parse });
  const consumers = [
    await follow(journal, indexEvents, feeds, { turns: turns.events }),
    await follow(logs, indexLogs, feeds, { turns: turns.logs, maxBatchBytes: LOG_BATCH_BYTES }),
  ];
  return {
    name: "opensearch",
    ...parts,
    async tidy() {
      await store.forget(Date.now());
      await forgetIndexed(journal, store, followedByAll(database));
      await forgetIndexed(logs, store);
    },
    async close() {
      await Promise.all(consumers.map((consumer) => consumer.close()));
      journal.close();
      logs.close();
      database.close();
      await store.close();
      await client.close();
    },
  };
}

/** What an engine has besides its journal of events and its store. */
function withJournal(
  journal: LocalEventJournal,
  { database, store, register, formats }: EngineParts,
): Omit<Engine, "name" | "tidy" | "close"> {
  return {
    database,
    journal,
    logs: openLocalLogJournal({ database }),
    parse: haproxyParser({ formats }),
    keys: new EmbeddedIdempotencyKeys(database),
    artifacts: declaringTypes(new EmbeddedArtifactStore({ database, journal }), async () => register),
    store,
    feeds: new EventFeeds({ store, clock: systemClock, pollMs: POLL_MS, onError: reportError }),
  };
}

interface EngineParts {
  readonly database: EmbeddedDatabase;
  readonly store: EventStore;
  readonly register: TypeRegister;
  readonly formats: readonly KnownFormat[];
}

/**
 * Hands what the journal holds beyond the store's checkpoint to the function, and wakes streams when that has kept it.
 */
async function follow(
  journal: FollowedJournal,
  handler: StreamConsumer,
  feeds: EventFeeds,
  options: Pick<JournalConsumerOptions, "turns" | "maxBatchBytes">,
): Promise<JournalConsumer> {
  return consumeJournal({
    journal,
    handler,
    clock: systemClock,
    after: await lastIndexed(journal, feeds.store),
    ...options,
    onProgress: () => feeds.poke(),
    onError: reportError,
  });
}

async function forgetIndexed(
  journal: LocalEventJournal | LocalLogJournal,
  store: EventStore,
  followed?: bigint,
): Promise<number> {
  const indexed = await lastIndexed(journal, store);
  const done = followed === undefined || followed > indexed ? indexed : followed;
  return journal.forget(Date.now() - POSITION_LIFETIME_MS, done);
}

/** The last record of the journal that the store has wholly seen. */
async function lastIndexed({ shard }: { readonly shard: string }, store: EventStore): Promise<bigint> {
  const seq = (await store.position()).shards.get(shard);
  return seq === undefined ? 0n : fromSeq(seq).sequenceNumber;
}

function openFile(data: string): EmbeddedDatabase {
  try {
    return openDatabase(data === ":memory:" ? data : join(data, DATABASE_FILE));
  } catch (cause) {
    if (!(cause instanceof PulseError)) throw cause;
    throw new PulseError("unavailable", `${data} cannot be used: ${cause.message}`, { cause });
  }
}

const deadLettersIn = (data: string) =>
  new LocalDeadLetters(data === ":memory:" ? mkdtempSync(join(tmpdir(), "pulse-dead-letters-")) : data);
