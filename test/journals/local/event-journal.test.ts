import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { toSeq } from "#core/events/event-journal.ts";
import { fromJournalLine, splitRecord } from "#core/events/records/journal-record.ts";
import { type LocalEventJournal, openLocalJournal } from "#journals/local/local-event-journal.ts";
import { openDatabase } from "#stores/embedded/database.ts";
import { behavesLikeAnEventJournal, type OpenedEventJournal } from "#test/journals/event-journal-contract.ts";

const entriesOf = (journal: LocalEventJournal) =>
  journal.read(0n, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER).flatMap(({ sequenceNumber, data }) =>
    splitRecord(data).map((line, offset) => ({
      event: fromJournalLine(line),
      point: { shard: journal.shard, seq: toSeq(sequenceNumber, offset) },
    })),
  );

function openIn(folder: string): OpenedEventJournal {
  const database = openDatabase(join(folder, "journal.db"));
  const journal = openLocalJournal({ database });
  return {
    journal,
    readAll: async () => entriesOf(journal),
    reopen: async () => {
      database.close();
      return openIn(folder);
    },
    close: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

behavesLikeAnEventJournal("the local journal", async () => openIn(mkdtempSync(join(tmpdir(), "journal-"))));
