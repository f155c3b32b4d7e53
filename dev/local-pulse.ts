import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "#core/clock.ts";
import { PulseError } from "#core/errors.ts";
import type { EventIntake } from "#core/events/create-events.ts";
import { EventFeeds } from "#core/events/event-feed.ts";
import { fromSeq } from "#core/events/event-journal.ts";
import type { EventStore } from "#core/events/event-store.ts";
import { POSITION_LIFETIME_MS } from "#core/events/follow-events.ts";
import type { IdempotencyKeys } from "#core/events/idempotency-keys.ts";
import { installAwsLambda } from "#dev/awslambda.ts";
import { listenForHaproxyLogs } from "#dev/haproxy-intake.ts";
import { consumeJournal, type JournalConsumer, toBatch } from "#dev/journal-consumer.ts";
import { type HttpHandlers, serveHttp } from "#dev/local-server.ts";
import type { SyslogListener } from "#dev/syslog-listener.ts";
import { aggregateEventsHandler } from "#functions/aggregate-events/aggregate-events.ts";
import { createEventsHandler } from "#functions/create-events/create-events.ts";
import { describeApiHandler } from "#functions/describe-api/describe-api.ts";
import { indexEventsHandler } from "#functions/index-events/index-events.ts";
import { queryEventsHandler } from "#functions/query-events/query-events.ts";
import { refuseUnmatchedHandler } from "#functions/refuse-unmatched/refuse-unmatched.ts";
import { admitEveryone } from "#functions/shared/auth/admit.ts";
import { log } from "#functions/shared/log.ts";
import { streamEventsHandler } from "#functions/stream-events/stream-events.ts";
import { LocalDeadLetters } from "#journals/local/local-dead-letters.ts";
import { type LocalEventJournal, openLocalJournal } from "#journals/local/local-event-journal.ts";
import { DATABASE_FILE, type EmbeddedDatabase, openDatabase } from "#stores/embedded/database.ts";
import { EmbeddedEventStore } from "#stores/embedded/embedded-event-store.ts";
import { EmbeddedIdempotencyKeys } from "#stores/embedded/idempotency-keys.ts";

export interface LocalPulseOptions {
  /** 0 takes a free one. */
  readonly port: number;
  /** The folder that everything is kept in, or `:memory:`. */
  readonly data: string;
  /** A real OpenSearch to keep events in; without one they are kept in the data folder. */
  readonly openSearchUrl?: string;
  /** Where HAProxy's syslog is listened for (UDP and TCP); undefined listens nowhere, 0 takes a free port. */
  readonly syslogPort?: number;
  /** The time zone that gateways write their logs in. */
  readonly syslogZone: string;
  /** Declared besides `default`. */
  readonly namespaces: readonly string[];
  /** How far back the views of health and metrics look. */
  readonly viewWindowMs: number;
  /** How long a stream lasts; without, as long as its client. */
  readonly leaseMs?: number;
}

export interface LocalPulse {
  readonly url: string;
  readonly engine: "embedded" | "opensearch";
  readonly syslogPort: number | undefined;
  readonly feeds: EventFeeds;
  close(): Promise<void>;
}

/** Behind a poke, the poll that finds what another process wrote. */
const POLL_MS = 250;
const TIDY_EVERY_MS = 60 * 60 * 1000;

/** Runs all of Pulse in this process: the functions, behind HTTP, on engines that need nothing installed. */
export async function startLocalPulse(options: LocalPulseOptions): Promise<LocalPulse> {
  const engine = options.openSearchUrl === undefined ? await openEmbedded(options) : await openWithOpenSearch(options);
  const { feeds } = engine;
  const intake: EventIntake = { journal: engine.journal, keys: engine.keys, now: Date.now };
  const closing: (() => Promise<void>)[] = [engine.close];
  try {
    const server = await serveHttp(handlersOf(options, intake, feeds, engine.name), options.port);
    closing.unshift(server.close);
    const haproxy = await listenForLogs(options, intake);
    if (haproxy !== undefined) closing.unshift(() => haproxy.close());
    const tidying = setInterval(() => engine.tidy().catch(reportError), TIDY_EVERY_MS);
    closing.unshift(async () => clearInterval(tidying));
    return {
      url: server.url,
      engine: engine.name,
      syslogPort: haproxy?.port,
      feeds,
      close: () => closeAll(closing),
    };
  } catch (error) {
    await closeAll(closing);
    throw error;
  }
}

interface Engine {
  readonly name: "embedded" | "opensearch";
  readonly journal: LocalEventJournal;
  readonly keys: IdempotencyKeys;
  readonly store: EventStore;
  readonly feeds: EventFeeds;
  /** Forgets what is past its retention. */
  tidy(): Promise<void>;
  close(): Promise<void>;
}

const reportError = (error: unknown): void => log.error("failed", { error: error as Error });

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

/** Journal and store in one file: an event is searchable when it is accepted. */
async function openEmbedded({ data }: LocalPulseOptions): Promise<Engine> {
  const database = openFile(data);
  const store = new EmbeddedEventStore({ database });
  const journal = openLocalJournal({ database, alongside: (entries) => store.keepInTransaction(entries) });
  await catchUp(journal, store, data);
  const feeds = new EventFeeds({ store, clock: systemClock, pollMs: POLL_MS, onError: reportError });
  journal.onAppended(() => feeds.poke());
  return {
    name: "embedded",
    journal,
    keys: new EmbeddedIdempotencyKeys(database),
    store,
    feeds,
    async tidy() {
      await store.forget(Date.now());
      await journal.forget(Date.now() - POSITION_LIFETIME_MS);
    },
    async close() {
      journal.close();
      database.close();
    },
  };
}

/** Keeps what the journal holds and the store does not: it may have been written while OpenSearch was the store. */
async function catchUp(journal: LocalEventJournal, store: EmbeddedEventStore, data: string): Promise<void> {
  const handler = indexEventsHandler({ store, deadLetters: deadLettersIn(data) });
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

/** Journal in the data folder, events in OpenSearch: index-events carries them over. */
async function openWithOpenSearch({ data, openSearchUrl }: LocalPulseOptions): Promise<Engine> {
  // Only now: the client is not needed otherwise, and takes its time.
  const { openOpenSearchEventStore } = await import("#stores/opensearch/opensearch-event-store.ts");
  const { indexTemplates } = await import("#stores/opensearch/index-templates.ts");
  const { installTemplates } = await import("#stores/opensearch/install-templates.ts");
  const { openClient } = await import("#stores/opensearch/client.ts");
  const client = await openClient({ url: openSearchUrl as string, auth: "none" });
  await installTemplates(client, indexTemplates());
  const store = await openOpenSearchEventStore({ url: openSearchUrl as string, auth: "none" });
  const database = openFile(data);
  const journal = openLocalJournal({ database });
  const feeds = new EventFeeds({ store, clock: systemClock, pollMs: POLL_MS, onError: reportError });
  const consumer: JournalConsumer = consumeJournal({
    journal,
    handler: indexEventsHandler({ store, deadLetters: deadLettersIn(data) }),
    clock: systemClock,
    after: await lastIndexed(journal, store),
    onProgress: () => feeds.poke(),
    onError: reportError,
  });
  return {
    name: "opensearch",
    journal,
    keys: new EmbeddedIdempotencyKeys(database),
    store,
    feeds,
    async tidy() {
      await journal.forget(Date.now() - POSITION_LIFETIME_MS, await lastIndexed(journal, store));
    },
    async close() {
      await consumer.close();
      journal.close();
      database.close();
      await store.close();
      await client.close();
    },
  };
}

/** The last record of the journal that the store has wholly seen. */
async function lastIndexed(journal: LocalEventJournal, store: EventStore): Promise<bigint> {
  const seq = (await store.position()).shards.get(journal.shard);
  return seq === undefined ? 0n : fromSeq(seq).sequenceNumber;
}

function handlersOf(
  { namespaces, viewWindowMs, leaseMs }: LocalPulseOptions,
  intake: EventIntake,
  feeds: EventFeeds,
  engine: string,
): HttpHandlers {
  installAwsLambda();
  const { store, clock } = feeds;
  return {
    "create-events": createEventsHandler(namespaces, intake),
    "query-events": queryEventsHandler({ namespaces, store, clock, viewWindowMs }),
    "aggregate-events": aggregateEventsHandler({ namespaces, store, clock }),
    "stream-events": streamEventsHandler({
      namespaces,
      feeds,
      admit: admitEveryone,
      ...(leaseMs === undefined ? {} : { leaseMs }),
    }),
    "describe-api": describeApiHandler({ namespaces, store, clock, engines: { store: engine, journal: "local" } }),
    "refuse-unmatched": refuseUnmatchedHandler(namespaces),
  };
}

async function listenForLogs(
  { syslogPort, syslogZone }: LocalPulseOptions,
  intake: EventIntake,
): Promise<SyslogListener | undefined> {
  if (syslogPort === undefined) return undefined;
  return listenForHaproxyLogs({
    port: syslogPort,
    zone: syslogZone,
    journal: intake.journal,
    clock: systemClock,
    onError: reportError,
  });
}

async function closeAll(closing: readonly (() => Promise<void>)[]): Promise<void> {
  for (const close of closing) await close();
}
