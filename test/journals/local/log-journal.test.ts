import { expect, test } from "@jest/globals";
import { openLocalJournal } from "#journals/local/local-event-journal.ts";
import { openLocalLogJournal } from "#journals/local/local-log-journal.ts";
import { openDatabase } from "#stores/embedded/database.ts";
import { behavesLikeALogJournal } from "#test/journals/log-journal-contract.ts";
import { anEvent } from "#test/support/samples/an-event.ts";
import { aLogLine } from "#test/support/samples/log-records.ts";

behavesLikeALogJournal("the local journal", async () => {
  const database = openDatabase(":memory:");
  const journal = openLocalLogJournal({ database });
  return {
    journal,
    readAll: async () =>
      journal
        .read(0n, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)
        .map((record) => ({ ...record, shard: journal.shard })),
    close: async () => database.close(),
  };
});

test("the journals of one file are two streams, each with its own shard and numbers", async () => {
  const database = openDatabase(":memory:");
  const [events, logs] = [openLocalJournal({ database }), openLocalLogJournal({ database })];

  await Promise.all([events.append([anEvent()]), logs.append([aLogLine(1, "a")]), events.append([anEvent()])]);

  expect([events.shard, logs.shard].map((shard) => shard.split("/")[0])).toEqual(["events", "haproxy-logs"]);
  expect(events.read(0n, 10, 1000)).toHaveLength(1);
  expect(logs.read(0n, 10, 1000)).toHaveLength(1);
  expect(openLocalLogJournal({ database }).shard).toBe(logs.shard);
});
