import type { Event } from "#core/events/event.ts";
import { type Appended, type EventJournal, type JournalPoint, toSeq } from "#core/events/event-journal.ts";
import type { OpenedEventJournal } from "#test/journals/event-journal-contract.ts";

/** The contract in its plainest form: a list. Its parts can be overridden to break one promise. */
export class NaiveEventJournal implements EventJournal {
  readonly #entries: { readonly event: Event; readonly point: JournalPoint }[] = [];

  async append(events: readonly Event[]): Promise<readonly Appended[]> {
    return events.map((event) => {
      const point = this.nextPoint(this.#entries.length);
      this.#entries.push({ event, point });
      return { point };
    });
  }

  protected nextPoint(count: number): JournalPoint {
    return { shard: "memory/1", seq: toSeq(count, 0) };
  }

  entries(): Awaited<ReturnType<OpenedEventJournal["readAll"]>> {
    return [...this.#entries].sort((one, other) => (one.point.seq < other.point.seq ? -1 : 1));
  }
}

/** A naive journal whose process goes on when it is opened again. */
export const openNaiveJournal = (journal: NaiveEventJournal): OpenedEventJournal => ({
  journal,
  readAll: async () => journal.entries(),
  reopen: async () => openNaiveJournal(journal),
  close: async () => {},
});
