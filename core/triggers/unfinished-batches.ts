import type { JournalEntry } from "#core/events/event-journal.ts";

/**
 * What has been handed on of batches that are not finished: a batch that comes again goes on where it failed, so that
 * none of its events is counted twice. It is forgotten as batches are finished, and with the process.
 */
export class UnfinishedBatches {
  /** By shard the `seq`s. */
  readonly #handedOn = new Map<string, Set<string>>();

  /** Those of the entries that are still to be handed on. */
  rest(entries: readonly JournalEntry[]): readonly JournalEntry[] {
    if (this.#handedOn.size === 0) return entries;
    return entries.filter(({ point }) => point === undefined || !this.#handedOn.get(point.shard)?.has(point.seq));
  }

  handedOn(entries: readonly JournalEntry[]): void {
    for (const { point } of entries) {
      if (point === undefined) continue;
      const seqs = this.#handedOn.get(point.shard);
      if (seqs === undefined) this.#handedOn.set(point.shard, new Set([point.seq]));
      else seqs.add(point.seq);
    }
  }

  /** Nothing up to there comes again; what lies behind it may: a batch that failed can come again in halves. */
  finished(shard: string, upToSeq: string): void {
    const beyond = [...(this.#handedOn.get(shard) ?? [])].filter((seq) => seq > upToSeq);
    if (beyond.length === 0) this.#handedOn.delete(shard);
    else this.#handedOn.set(shard, new Set(beyond));
  }
}
