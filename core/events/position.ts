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
 * As text: `<store>~<namespace>~<time>`, then of each stream `~~<stream>` and of each of its shards `~<shard>.<seq>`. It
 * needs no escaping in headers and URLs. Numbers are in base 36, and of the names that Kinesis gives to shards only the
 * number stands there: 64 shards take 3 KB, a browser's and a gateway's header 8.
 */

export function toPositionText({ position, namespace, atMs }: PositionToken): string {
  const streams = new Map<string, string>();
  for (const [name, seq] of position.shards) {
    const slash = name.indexOf("/");
    const stream = name.slice(0, slash);
    streams.set(stream, `${streams.get(stream) ?? ""}~${toShortId(name.slice(slash + 1))}.${toShortSeq(seq)}`);
  }
  let text = `${position.store}~${namespace}~${atMs.toString(36)}`;
  for (const [stream, shards] of streams) text += `~~${stream}${shards}`;
  return text;
}

const KINESIS_SHARD = /^shardId-(\d{12})$/;

/** `12` is Kinesis's shardId-000000000012, and any other name is written behind a minus. */
function toShortId(id: string): string {
  const number = KINESIS_SHARD.exec(id)?.[1];
  return number === undefined ? `-${id}` : String(Number(number));
}

const fromShortId = (text: string): string =>
  text.startsWith("-") ? text.slice(1) : `shardId-${text.padStart(12, "0")}`;

const MAX_REMEMBERED = 1000;
const remembered = new Map<string, string>();

/** Every event of a stream names every shard, and one of them has moved: the others' texts are at hand. */
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
const SHARD = /^(\d{1,12}|-[\w.-]+)\.([0-9a-z]{1,40})\.([0-9a-z]{1,4})$/;

/** The position of a text that `toPositionText` made; undefined for any other text, even one that reads alike. */
export function fromPositionText(text: string): PositionToken | undefined {
  const [head = "", ...streams] = text.split("~~");
  const [, store, namespace, at] = HEAD.exec(head) ?? [];
  if (store === undefined || namespace === undefined || at === undefined) return undefined;
  const seqs = new Map<string, string>();
  for (const one of streams) {
    const [stream = "", ...shards] = one.split("~");
    if (!STREAM.test(stream)) return undefined;
    for (const shard of shards) {
      const [, id, number, offset] = SHARD.exec(shard) ?? [];
      if (id === undefined || number === undefined || offset === undefined) return undefined;
      const seq = toSeq(fromBase36(number), Number.parseInt(offset, 36));
      if (!isSeq(seq)) return undefined;
      seqs.set(`${stream}/${fromShortId(id)}`, seq);
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
