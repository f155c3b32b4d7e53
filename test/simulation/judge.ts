import { type Event, toEventJson } from "#core/events/event.ts";
import { type JournalPoint, toSeq } from "#core/events/event-journal.ts";
import { type EventFilter, matches } from "#core/events/query/event-filter.ts";
import { fromJournalLine, splitRecord, toJournalLine } from "#core/events/records/journal-record.ts";
import { type EventDocument, fromDocument } from "#stores/opensearch/event-document.ts";
import {
  type Chain,
  type PostedItem,
  type Reading,
  recordName,
  recordNameOf,
  shardName,
} from "#test/simulation/ledger.ts";
import { POISON_TAG } from "#test/simulation/simulated-opensearch.ts";
import { violate, type World } from "#test/simulation/world.ts";

/** An event that is kept. */
interface KeptEvent {
  readonly event: Event;
  readonly point: JournalPoint;
  readonly json: string;
  /** A copy of it was given up as too old: then it may be kept or not, and streamed or not. */
  readonly isDiscarded: boolean;
}

/** What the journal holds of an event. */
interface Journaled {
  readonly line: string;
  readonly points: Set<string>;
  isDiscarded: boolean;
  firstAtMs: number;
}

interface Evidence {
  readonly world: World;
  readonly journaled: ReadonlyMap<string, Journaled>;
  readonly kept: ReadonlyMap<string, KeptEvent>;
}

const nameOf = ({ shard, seq }: JournalPoint): string => `${shard} ${seq}`;

/** Compares what was promised with what is there, now that the world is at rest. */
export function judge(world: World): void {
  const journaled = readJournal(world);
  const kept = readStore(world, journaled);
  const evidence = { world, journaled, kept };
  for (const item of world.ledger.items) judgeItem(evidence, item);
  judgeDeadLetters(evidence);
  for (const reading of world.ledger.readings) judgeReading(evidence, reading);
  for (const chain of world.ledger.chains) judgeChain(evidence, chain);
}

function readJournal({ streams, ledger }: World): Map<string, Journaled> {
  const journaled = new Map<string, Journaled>();
  for (const { records } of streams.flatMap(({ shards }) => shards))
    for (const record of records) {
      const name = recordName(record);
      if (ledger.unreadable.has(name)) continue;
      const { data, sequenceNumber, approximateArrivalTimestamp } = record.kinesis;
      const atMs = approximateArrivalTimestamp * 1000;
      for (const [offset, line] of splitRecord(Buffer.from(data, "base64").toString()).entries()) {
        const { id } = fromJournalLine(line);
        const known = journaled.get(id) ?? { line, points: new Set(), isDiscarded: false, firstAtMs: atMs };
        known.points.add(nameOf({ shard: shardName(record), seq: toSeq(sequenceNumber, offset) }));
        known.firstAtMs = Math.min(known.firstAtMs, atMs);
        known.isDiscarded ||= ledger.discarded.has(name);
        journaled.set(id, known);
      }
    }
  return journaled;
}

/** Each event is kept once, as the journal has it, at a place it has there. */
function readStore(world: World, journaled: ReadonlyMap<string, Journaled>): Map<string, KeptEvent> {
  const kept = new Map<string, KeptEvent>();
  for (const { index, document } of world.openSearch.eventDocuments()) {
    const source = document.source as unknown as EventDocument;
    const event = fromDocument(index.split(".")[2] as string, source);
    const point = { shard: source.shard ?? "", seq: source.seq ?? "" };
    const held = journaled.get(document.id);
    if (kept.has(document.id)) violate(world, `event ${event.value} is kept twice`);
    if (held === undefined) violate(world, `event ${event.value} is kept as ${document.id}, which nobody accepted`);
    else {
      const { key, ...accepted } = fromJournalLine(held.line);
      if (toJournalLine(event) !== toJournalLine(accepted))
        violate(world, `event ${event.value} was changed: ${toJournalLine(event)} ${toJournalLine(accepted)}`);
      // What the journal's consumer gave up as too old may come back from the archive, which knows no places.
      const isReplayed = held.isDiscarded && source.seq === undefined;
      if (!isReplayed && !held.points.has(nameOf(point)))
        violate(world, `event ${event.value} is kept at ${nameOf(point)}`);
    }
    kept.set(event.id, { event, point, json: toEventJson(event), isDiscarded: held?.isDiscarded ?? false });
  }
  return kept;
}

/** What was answered with 201 is kept, or put aside with its reason; a retry that can be recognised creates nothing. */
function judgeItem({ world, journaled, kept }: Evidence, item: PostedItem): void {
  const ids = new Set(item.accepted.map(({ event }) => event.id));
  const most = item.isKeyed ? 1 : item.tries;
  if (item.isKeyed && ids.size > 1) violate(world, `item ${item.number} was accepted under ${ids.size} ids`);
  for (const { event, point } of item.accepted) {
    const held = journaled.get(event.id);
    if (held === undefined || !held.points.has(nameOf(point)))
      violate(world, `item ${item.number} was accepted, and is not in the journal at ${nameOf(point)}`);
    if (held?.isDiscarded || kept.has(event.id) || event.tags.includes(POISON_TAG)) continue;
    violate(world, `item ${item.number} was accepted (${nameOf(point)}), and is lost`);
  }
  const copies = [...kept.values()].filter(({ event }) => event.value === String(item.number)).length;
  if (copies > most) violate(world, `item ${item.number} is kept ${copies} times after ${item.tries} tries`);
}

/** What can never be kept is put aside, and nothing else. */
function judgeDeadLetters({ world, journaled, kept }: Evidence): void {
  const { deadLetters, discarded, unreadable } = world.ledger;
  const places = new Set(deadLetters.map(({ point }) => point && nameOf(point)));
  const records = new Set(deadLetters.flatMap(({ point }) => (point === undefined ? [] : [recordNameOf(point)])));
  for (const record of unreadable)
    if (!records.has(record) && !discarded.has(record)) violate(world, `the unreadable record ${record} is lost`);
  for (const [id, { line, points, isDiscarded }] of journaled) {
    const isPoison = fromJournalLine(line).tags.includes(POISON_TAG);
    const isPutAside = [...points].some((point) => places.has(point));
    if (isPoison && !isPutAside && !isDiscarded) violate(world, `the poisoned event ${id} is nowhere`);
    if (isPoison && kept.has(id)) violate(world, `the poisoned event ${id} is kept`);
    if (!isPoison && isPutAside) violate(world, `event ${id} is a dead letter, and nothing is wrong with it`);
  }
}

const isBehind = (point: JournalPoint, position: ReadonlyMap<string, string>): boolean =>
  point.seq > (position.get(point.shard) ?? "");

function wanted(kept: ReadonlyMap<string, KeptEvent>, filter: EventFilter): KeptEvent[] {
  return [...kept.values()].filter(({ event }) => matches(filter, event));
}

/** A query shows all up to its position and the writes it waited for, each once, and nothing that does not match. */
function judgeReading({ world, kept }: Evidence, { name, filter, position, events, awaited }: Reading): void {
  const matching = wanted(kept, filter);
  const known = new Set(matching.map(({ json }) => json));
  for (const event of events) if (!known.has(event)) violate(world, `${name}: answers ${event}`);
  const answered = new Set(events);
  if (answered.size < events.length) violate(world, `${name}: answers an event twice`);
  const due = new Set(awaited.flatMap(({ accepted }) => accepted.slice(0, 1).map(({ event }) => event.id)));
  for (const { event, point, json, isDiscarded } of matching) {
    if (isDiscarded || answered.has(json)) continue;
    if (due.has(event.id)) violate(world, `${name}: does not show event ${event.value}, which it waited for`);
    else if (!isBehind(point, position)) violate(world, `${name}: misses event ${event.value} up to its position`);
  }
}

/** A chain of streams has all that matches behind its start, each once, in the order of each shard. */
function judgeChain({ world, journaled, kept }: Evidence, chain: Chain): void {
  const { name, filter, start, received, openedAtMs } = chain;
  if (start === undefined) {
    violate(world, `${name}: never got a frame`);
    return;
  }
  const matching = wanted(kept, filter);
  const byJson = new Map(matching.map((one) => [one.json, one]));
  const got = new Set<string>();
  const last = new Map<string, string>();
  for (const json of received) {
    const one = byJson.get(json);
    if (one === undefined) {
      violate(world, `${name}: got ${json}, which does not match or is not kept`);
      continue;
    }
    const { event, point } = one;
    if (got.has(event.id)) violate(world, `${name}: got event ${event.value} twice`);
    got.add(event.id);
    if (!isBehind(point, start)) violate(world, `${name}: got event ${event.value} from before its start`);
    if (point.seq < (last.get(point.shard) ?? ""))
      violate(world, `${name}: got event ${event.value} out of the order of ${point.shard}`);
    last.set(point.shard, point.seq);
  }
  for (const { event, point, isDiscarded } of matching) {
    if (isDiscarded || got.has(event.id)) continue;
    if (isBehind(point, start)) violate(world, `${name}: misses event ${event.value} (${nameOf(point)})`);
    else if (openedAtMs !== undefined && (journaled.get(event.id)?.firstAtMs ?? 0) > openedAtMs)
      violate(world, `${name}: begins behind event ${event.value}, which was accepted later`);
  }
  const places = received.map((json, place) => [byJson.get(json), place] as const);
  const inOrder = places.flatMap(([one, place]) =>
    one === undefined || one.isDiscarded ? [] : [[one, place] as const],
  );
  judgeLanes(world, chain, new Map(inOrder.map(([{ event }, place]) => [event.id, place])));
}

/** Events with the same key come in the order in which they were accepted, one after the other. */
function judgeLanes(world: World, { name }: Chain, places: ReadonlyMap<string, number>): void {
  const last = new Map<string, number>();
  for (const { lane, isKnown, accepted, number } of world.ledger.items) {
    const place = places.get(accepted[0]?.event.id ?? "");
    if (lane === undefined || !isKnown || place === undefined) continue;
    if (place < (last.get(lane) ?? -1)) violate(world, `${name}: got event ${number} of ${lane} too late`);
    last.set(lane, place);
  }
}
