import { describe, expect, test } from "@jest/globals";
import type { Event } from "#core/events/event.ts";
import { type Appended, type JournalPoint, toSeq } from "#core/events/event-journal.ts";
import { behavesLikeAnEventJournal, eventJournalChecks } from "#test/journals/event-journal-contract.ts";
import { NaiveEventJournal, openNaiveJournal } from "#test/journals/naive-event-journal.ts";

behavesLikeAnEventJournal("the naive journal", async () => openNaiveJournal(new NaiveEventJournal()));

/** Journals that break one promise, by the fault one might have. */
const broken: readonly { readonly fault: string; readonly open: () => NaiveEventJournal }[] = [
  {
    fault: "gives all events of an append the same place",
    open: () =>
      new (class extends NaiveEventJournal {
        #appends = 0;
        override append(events: readonly Event[]): Promise<readonly Appended[]> {
          this.#appends++;
          return super.append(events);
        }
        protected override nextPoint(): JournalPoint {
          return { shard: "memory/1", seq: toSeq(this.#appends, 0) };
        }
      })(),
  },
  {
    fault: "goes back",
    open: () =>
      new (class extends NaiveEventJournal {
        protected override nextPoint(count: number): JournalPoint {
          return { shard: "memory/1", seq: toSeq(1_000_000 - count, 0) };
        }
      })(),
  },
  {
    fault: "spreads a key over shards",
    open: () =>
      new (class extends NaiveEventJournal {
        protected override nextPoint(count: number): JournalPoint {
          return { shard: `memory/${count % 2}`, seq: toSeq(count, 0) };
        }
      })(),
  },
  {
    fault: "answers in another order",
    open: () =>
      new (class extends NaiveEventJournal {
        override async append(events: readonly Event[]): Promise<readonly Appended[]> {
          return [...(await super.append(events))].reverse();
        }
      })(),
  },
  {
    fault: "answers before it holds the events",
    open: () =>
      new (class extends NaiveEventJournal {
        #late: readonly Event[] = [];
        override async append(events: readonly Event[]): Promise<readonly Appended[]> {
          const [held, late] = [this.#late, events];
          this.#late = late;
          await super.append(held);
          return events.map((_, index) => ({ point: this.nextPoint(index) }));
        }
      })(),
  },
  {
    fault: "loses an append that comes while another runs",
    open: () =>
      new (class extends NaiveEventJournal {
        #running = false;
        override async append(events: readonly Event[]): Promise<readonly Appended[]> {
          if (this.#running) return events.map((_, index) => ({ point: this.nextPoint(index) }));
          this.#running = true;
          await Promise.resolve();
          const appended = await super.append(events);
          this.#running = false;
          return appended;
        }
      })(),
  },
  {
    fault: "takes no more than 5,000 events",
    open: () =>
      new (class extends NaiveEventJournal {
        override async append(events: readonly Event[]): Promise<readonly Appended[]> {
          const appended = await super.append(events.slice(0, 5_000));
          return events.map((_, index) => appended[index] ?? { notTaken: "too many", retryAfterSeconds: 1 });
        }
      })(),
  },
  {
    fault: "prints values anew",
    open: () =>
      new (class extends NaiveEventJournal {
        override append(events: readonly Event[]): Promise<readonly Appended[]> {
          return super.append(
            events.map((event) => ({ ...event, value: JSON.stringify(JSON.parse(event.value ?? "0")) })),
          );
        }
      })(),
  },
  {
    fault: "forgets keys",
    open: () =>
      new (class extends NaiveEventJournal {
        override append(events: readonly Event[]): Promise<readonly Appended[]> {
          return super.append(events.map(({ key, ...event }) => event));
        }
      })(),
  },
];

describe("the contract of event journals", () => {
  test.each(broken)("catches a journal that $fault", async ({ open }) => {
    const caughtBy: string[] = [];

    for (const { name, check } of eventJournalChecks)
      await check(openNaiveJournal(open())).catch((error: unknown) => {
        // An assertion carries the result of its matcher; a crash does not, and would prove nothing.
        if (error instanceof Error && "matcherResult" in error) caughtBy.push(name);
      });

    expect(caughtBy).not.toEqual([]);
  });

  test("catches a journal that starts anew when it is opened again", async () => {
    const forgetful = {
      ...openNaiveJournal(new NaiveEventJournal()),
      reopen: async () => openNaiveJournal(new NaiveEventJournal()),
    };
    const reopening = eventJournalChecks.find(({ name }) => name.includes("opened again"));

    await expect(reopening?.check(forgetful)).rejects.toHaveProperty("matcherResult");
  });
});
