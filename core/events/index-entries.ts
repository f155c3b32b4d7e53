import type { JournalEntry, JournalPoint } from "#core/events/event-journal.ts";
import type { EventStore } from "#core/events/event-store.ts";

/** An entry that can never be kept, or a record that cannot be read, and why. */
export interface DeadLetter {
  readonly reason: string;
  readonly point?: JournalPoint;
  /** What could not be kept: a journal line, or the record as it came, in base64 where it is not text. */
  readonly line: string;
}

/** Dead letters as NDJSON, each line ended: what every place of them holds. */
export const toDeadLetterLines = (letters: readonly DeadLetter[]): string =>
  letters.map((letter) => `${JSON.stringify(letter)}\n`).join("");

/** Where dead letters are durable. An entry counts as done only when it has been taken. */
export interface DeadLetterPlace {
  take(letters: readonly DeadLetter[]): Promise<void>;
}

/** The last of a batch: where it lies in the journal, and when its record arrived there. */
export interface BatchEnd extends JournalPoint {
  readonly arrivedAtMs?: number;
}

export type PointedEntry = JournalEntry & { readonly point: JournalPoint; readonly line: string };

/**
 * Keeps a shard's entries, puts aside what can never be kept, then moves the checkpoint: only now streams look at them.
 * Throws where a retry of the whole may help; nothing is lost or doubled by it.
 */
export async function indexEntries(
  entries: readonly PointedEntry[],
  unreadable: readonly DeadLetter[],
  last: BatchEnd,
  { store, deadLetters }: { readonly store: EventStore; readonly deadLetters: DeadLetterPlace },
): Promise<{ readonly kept: number; readonly dead: number }> {
  const outcomes = entries.length === 0 ? [] : await store.keep(entries);
  const letters = [...unreadable];
  entries.forEach(({ line, point }, index) => {
    const outcome = outcomes[index];
    if (outcome === undefined) throw new Error("the store answered fewer entries than it was given");
    if ("refused" in outcome) letters.push({ reason: outcome.refused, point, line });
  });
  if (letters.length > 0) await deadLetters.take(letters);
  await store.checkpoint(last.shard, last.seq, last.arrivedAtMs);
  return { kept: entries.length - (letters.length - unreadable.length), dead: letters.length };
}
