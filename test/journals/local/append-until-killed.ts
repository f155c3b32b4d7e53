import { openLocalJournal } from "#journals/local/local-event-journal.ts";
import { openDatabase } from "#stores/embedded/database.ts";
import { EmbeddedEventStore } from "#stores/embedded/embedded-event-store.ts";
import { anEvent } from "#test/support/samples/an-event.ts";

/* Appends to the file it is given, from several sides, and prints the id of each event once it is durable. */

const database = openDatabase(process.argv[2] as string);
const store = new EmbeddedEventStore({ database });
const journal = openLocalJournal({ database, alongside: (entries) => store.keepInTransaction(entries) });

async function appendOn(writer: number): Promise<never> {
  for (;;) {
    const events = Array.from({ length: 1 + writer * 10 }, () => anEvent({ tags: ["all", `writer:${writer}`] }));
    const appended = await journal.append(events);
    const durable = events.filter((_, index) => "point" in (appended[index] ?? {}));
    process.stdout.write(durable.map(({ id }) => `${id}\n`).join(""));
    if (writer === 1) await store.eventTypes("default"); // settles, so that a kill may come in the middle of that too
  }
}

await Promise.all([0, 1, 2].map(appendOn));
