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

/** Base64url of `store\nnamespace\ntime\nshard seq\n…`, numbers in base 36: short enough for a header with many shards. */
export function toPositionText({ position, namespace, atMs }: PositionToken): string {
  let text = `${position.store}\n${namespace}\n${atMs.toString(36)}`;
  for (const [shard, seq] of position.shards) text += `\n${shard} ${toShortSeq(seq)}`;
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

const toShortSeq = (seq: string): string => {
  const { sequenceNumber, offset } = fromSeq(seq);
  return `${sequenceNumber.toString(36)}.${offset.toString(36)}`;
};

/** The position of a text that `toPositionText` made; undefined for any other text, even one that decodes alike. */
export function fromPositionText(text: string): PositionToken | undefined {
  if (!/^[A-Za-z0-9_-]+$/.test(text) || text.length % 4 === 1) return undefined;
  const [store, namespace, at, ...shards] = atob(text.replaceAll("-", "+").replaceAll("_", "/")).split("\n");
  if (!store || !namespace || !at || !/^[0-9a-z]{1,10}$/.test(at)) return undefined;
  const seqs = new Map<string, string>();
  for (const line of shards) {
    const match = /^(\S+) ([0-9a-z]{1,40})\.([0-9a-z]{1,4})$/.exec(line);
    if (match === null) return undefined;
    const seq = toSeq(fromBase36(match[2] as string), Number.parseInt(match[3] as string, 36));
    if (!isSeq(seq)) return undefined;
    seqs.set(match[1] as string, seq);
  }
  const token = { position: { store, shards: seqs }, namespace, atMs: Number.parseInt(at, 36) };
  return toPositionText(token) === text ? token : undefined;
}

function fromBase36(text: string): bigint {
  let number = 0n;
  for (const digit of text) number = number * 36n + BigInt(Number.parseInt(digit, 36));
  return number;
}
