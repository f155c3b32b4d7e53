import { allAnswers } from "#core/all-answers.ts";
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

/** Some of a batch, as read: entries in order, and what among them cannot be read. */
export interface ReadPart {
  readonly entries: readonly PointedEntry[];
  readonly unreadable: readonly DeadLetter[];
}

/** What is done with the entries of a batch: kept in a store, as a rule. */
export type EntryKeeper = Pick<EventStore, "keep" | "checkpoint">;

/** While one part is being kept, the next is read. */
const PARTS_AT_ONCE = 2;

/**
 * Keeps the parts of a shard's batch, puts aside what can never be kept, then moves the checkpoint: only now streams
 * look at them. Throws where a retry of the whole may help; nothing is lost or doubled by it.
 */
export async function indexEntries(
  parts: Iterable<ReadPart>,
  last: BatchEnd,
  { store, deadLetters }: { readonly store: EntryKeeper; readonly deadLetters: DeadLetterPlace },
): Promise<{ readonly kept: number; readonly dead: number }> {
  let read = 0;
  const seen = new Set<string>();
  const letters: DeadLetter[] = [];
  const unread = parts[Symbol.iterator]();
  const keepParts = async (): Promise<void> => {
    for (let next = unread.next(); !next.done; next = unread.next()) {
      const { entries, unreadable } = next.value;
      read += entries.length + unreadable.length;
      letters.push(...unreadable, ...(await keepPart(firstsOf(entries, seen), store)));
    }
  };
  // Waits for both even when one fails: nothing of this batch may still be under way when it is answered.
  await allAnswers(Array.from({ length: PARTS_AT_ONCE }, keepParts));
  if (letters.length > 0) await deadLetters.take(letters);
  await store.checkpoint(last.shard, last.seq, last.arrivedAtMs);
  return { kept: read - letters.length, dead: letters.length };
}

/**
 * Leaves out repeats: where the journal holds an event twice, its first place counts. Were both sent together, the
 * store could refuse the first for a moment and keep the second, and the event would fall behind others of its key.
 */
function firstsOf(entries: readonly PointedEntry[], seen: Set<string>): readonly PointedEntry[] {
  return entries.filter(({ event: { namespace, id } }) => {
    const key = `${namespace} ${id}`;
    const isFirst = !seen.has(key);
    seen.add(key);
    return isFirst;
  });
}

/** Keeps the entries, and answers those that can never be kept. */
async function keepPart(entries: readonly PointedEntry[], store: EntryKeeper): Promise<DeadLetter[]> {
  const outcomes = entries.length === 0 ? [] : await store.keep(entries);
  if (outcomes.length !== entries.length) throw new Error("the store did not answer each entry it was given");
  return outcomes.flatMap((outcome, index) => {
    if (!("refused" in outcome)) return [];
    const { point, line } = entries[index] as PointedEntry;
    return [{ reason: outcome.refused, point, line }];
  });
}
