import { fromSeq, isSeq, toSeq } from "#core/events/event-journal.ts";

/** How far a store has been read: of each shard, the `seq` of the last entry. */
export interface Position {
  /** Made with the store: positions of one that was rebuilt mean nothing in another. */
  readonly store: string;
  readonly shards: ReadonlyMap<string, string>;
}

/** A position as callers carry it, with when and for which namespace it was given. */
export interface PositionToken {
  readonly position: Position;
  readonly namespace: string;
  readonly atMs: number;
}

/*
 * As text: `<store>~<namespace>~<time>`, then of each stream `~~<stream>~-<beginning>` and of each of its
 * shards `~<rest>.<seq>`. The beginning is what the names of its shards have in common, which is nearly
 * all of them, and numbers are in base 36: 64 shards take 3 KB, a browser's and a gateway's header 8.
 * Nothing needs escaping in headers and URLs.
 */

export function toPositionText({ position, namespace, atMs }: PositionToken): string {
  const streams = new Map<string, [id: string, seq: string][]>();
  for (const [name, seq] of position.shards) {
    const slash = name.indexOf("/");
    const stream = name.slice(0, slash);
    const shard: [string, string] = [name.slice(slash + 1), seq];
    const shards = streams.get(stream);
    if (shards === undefined) streams.set(stream, [shard]);
    else shards.push(shard);
  }
  let text = `${position.store}~${namespace}~${atMs.toString(36)}`;
  for (const [stream, shards] of streams) {
    const beginning = commonBeginning(shards.map(([id]) => id));
    text += `~~${stream}~-${beginning}`;
    for (const [id, seq] of shards) text += `~${id.slice(beginning.length)}.${toShortSeq(seq)}`;
  }
  return text;
}

function commonBeginning([first = "", ...others]: readonly string[]): string {
  let beginning = first;
  for (const other of others) while (!other.startsWith(beginning)) beginning = beginning.slice(0, -1);
  return beginning;
}

const MAX_REMEMBERED = 1000;
const remembered = new Map<string, string>();

/** Remembered: every frame of a stream names every shard, and only one of them has moved since the frame before. */
function toShortSeq(seq: string): string {
  const known = remembered.get(seq);
  if (known !== undefined) return known;
  const { sequenceNumber, offset } = fromSeq(seq);
  const text = `${sequenceNumber.toString(36)}.${offset.toString(36)}`;
  if (remembered.size >= MAX_REMEMBERED) remembered.clear();
  remembered.set(seq, text);
  return text;
}

const HEAD = /^([\w-]+)~([a-z0-9-]+)~([0-9a-z]{1,10})$/;
const STREAM = /^[\w.-]+$/;
const BEGINNING = /^-([\w.-]*)$/;
const SHARD = /^([\w.-]*)\.([0-9a-z]{1,40})\.([0-9a-z]{1,4})$/;

/** The position of a text that `toPositionText` made; undefined for any other text, even one that reads alike. */
export function fromPositionText(text: string): PositionToken | undefined {
  const [head = "", ...streams] = text.split("~~");
  const [, store, namespace, at] = HEAD.exec(head) ?? [];
  if (store === undefined || namespace === undefined || at === undefined) return undefined;
  const seqs = new Map<string, string>();
  for (const one of streams) {
    const [stream = "", behind = "", ...shards] = one.split("~");
    const beginning = BEGINNING.exec(behind)?.[1];
    if (!STREAM.test(stream) || beginning === undefined) return undefined;
    for (const shard of shards) {
      const [, rest, number, offset] = SHARD.exec(shard) ?? [];
      if (rest === undefined || number === undefined || offset === undefined) return undefined;
      const seq = toSeq(fromBase36(number), Number.parseInt(offset, 36));
      if (!isSeq(seq)) return undefined;
      seqs.set(`${stream}/${beginning}${rest}`, seq);
    }
  }
  const token = { position: { store, shards: seqs }, namespace, atMs: Number.parseInt(at, 36) };
  return toPositionText(token) === text ? token : undefined;
}

function fromBase36(text: string): bigint {
  let number = 0n;
  for (const digit of text) number = number * 36n + BigInt(Number.parseInt(digit, 36));
  return number;
}
