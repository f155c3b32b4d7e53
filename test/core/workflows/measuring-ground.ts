import { randomBytes } from "node:crypto";
import type { Artifact, ArtifactKind } from "#core/artifacts/artifact.ts";
import type { Event } from "#core/events/event.ts";
import { type EventJournal, toSeq } from "#core/events/event-journal.ts";
import type { EventStore } from "#core/events/event-store.ts";
import { everyEvent } from "#core/events/query/event-filter.ts";
import { expandTags } from "#core/events/tags.ts";
import type { Measuring } from "#core/workflows/measure-lines.ts";
import type { Rhythm } from "#core/workflows/window.ts";
import { anEntry, anEvent } from "#test/support/samples/an-event.ts";

/** A multiple of every rhythm that tests have. */
export const START_MS = Date.UTC(2026, 2, 15, 12);
export const RHYTHM: Rhythm = { everyMs: 30_000, windowMs: 30_000, graceMs: 10_000, catchUpMs: 15 * 60_000 };

/** A request as its line tells of it. */
export interface LoggedRequest {
  readonly ft: string;
  readonly b?: string;
  readonly s?: string;
  /** When its line was received, after `START_MS`. */
  readonly atMs: number;
  /** How much earlier it began. @default 0 */
  readonly agoMs?: number;
  /** HAProxy's own fields: ST, Tt, Ta, Tw. */
  readonly value: Readonly<Record<string, number>>;
}

/** A store, a journal that is indexed at once, artifacts and a clock, in a namespace that nothing else uses. */
export interface MeasuringGround {
  readonly namespace: string;
  readonly measuring: Measuring;
  nowMs: number;
  /** The next so many appends are taken by halves. */
  failing: number;
  /** Everything that was appended, repeats too. */
  readonly appended: Event[];
  log(requests: readonly LoggedRequest[]): Promise<void>;
  declare(kind: ArtifactKind, name: string, value: unknown, changedAtMs?: number): void;
  /** What was published under all of these tags, oldest first: instants after `START_MS` and values. */
  published(...tags: string[]): Promise<[atMs: number, value: unknown][]>;
  events(): Promise<readonly Event[]>;
}

export function openMeasuringGround(store: EventStore, rhythm = RHYTHM): MeasuringGround {
  const namespace = `t-${randomBytes(5).toString("hex")}`;
  const artifacts: Artifact[] = [];
  const shard = `events/${namespace}`;
  let seq = 0;

  const keep = async (events: readonly Event[]) => {
    const entries = events.map((event) => anEntry(event, shard, ++seq));
    await store.keep(entries);
    await store.checkpoint(shard, toSeq(++seq, 0));
    return entries;
  };

  const journal: EventJournal = {
    async append(events) {
      if (events.length === 0) return [];
      const taken = ground.failing > 0 ? events.slice(0, Math.floor(events.length / 2)) : events;
      if (ground.failing > 0) ground.failing--;
      ground.appended.push(...taken);
      const entries = taken.length === 0 ? [] : await keep(taken);
      return events.map((_, index) => {
        const entry = entries[index];
        return entry === undefined ? { notTaken: "on purpose", retryAfterSeconds: 1 } : { point: entry.point };
      });
    },
  };

  const events = async () =>
    (await store.search(everyEvent(namespace), { offset: 0, limit: 1000 })).events.toReversed();

  const ground: MeasuringGround = {
    namespace,
    nowMs: START_MS,
    failing: 0,
    appended: [],
    measuring: {
      store,
      journal,
      rhythm,
      now: () => ground.nowMs,
      artifacts: {
        async list(of, kind, { after = "", limit }) {
          const all = artifacts.filter((one) => one.namespace === of && one.kind === kind && one.name > after);
          const page = all.sort((one, other) => (one.name < other.name ? -1 : 1)).slice(0, limit);
          const last = page.at(-1);
          return { artifacts: page, ...(page.length < all.length && last !== undefined && { next: last.name }) };
        },
      },
      readSource: async ({ source }) => JSON.parse(source),
    },
    async log(requests) {
      await keep(requests.map((request) => toLineEvent(namespace, request)));
    },
    declare(kind, name, value, changedAtMs = 0) {
      const source = JSON.stringify(value);
      artifacts.push({ namespace, kind, name, source, format: "json", version: 1, changedAtMs });
    },
    async published(...tags) {
      return (await events())
        .filter((event) => tags.every((tag) => event.tags.includes(tag)))
        .map(({ timestampMs, value }) => [timestampMs - START_MS, JSON.parse(value as string)]);
    },
    events,
  };
  return ground;
}

/** The event of a line, with the tags that `toHaproxyEvent` gives it. */
function toLineEvent(namespace: string, { ft, b = ft, s, atMs, agoMs = 0, value }: LoggedRequest): Event {
  return anEvent({
    namespace,
    type: "haproxy",
    tags: expandTags([`gateways:${ft}`, `backends:${b}`, ...(s === undefined ? [] : [`servers:${b}/${s}`])]),
    value: JSON.stringify(value),
    timestampMs: START_MS + atMs - agoMs,
    receivedAtMs: START_MS + atMs,
  });
}
