import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import type { TailPage } from "#core/events/event-store.ts";
import { everyEvent } from "#core/events/query/event-filter.ts";
import { fromJournalLine, splitRecord } from "#core/events/records/journal-record.ts";
import { openLocalJournal } from "#journals/local/local-event-journal.ts";
import { openDatabase } from "#stores/embedded/database.ts";
import { EmbeddedEventStore } from "#stores/embedded/embedded-event-store.ts";

const WRITER = join(import.meta.dirname, "append-until-killed.ts");

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "pulse-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** The ids that a writer printed before it was killed, which is when it has printed that many. */
async function appendUntilKilled(file: string, enough: number): Promise<string[]> {
  const writer = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", WRITER, file], {
    env: { ...process.env, NODE_OPTIONS: "" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let printed = "";
  for await (const chunk of writer.stdout.setEncoding("utf8")) {
    printed += chunk;
    if (printed.length > enough * 37) writer.kill("SIGKILL");
  }
  return printed.split("\n").slice(0, -1);
}

test("a killed process loses nothing that it said was durable, doubles nothing, and leaves no lock", async () => {
  const file = join(folder, "pulse.db");
  const durable: string[] = [];
  for (const enough of [10, 500, 3000]) {
    const printed = await appendUntilKilled(file, enough);
    expect(printed.length).toBeGreaterThanOrEqual(enough);
    durable.push(...printed);
  }

  const database = openDatabase(file);
  const store = new EmbeddedEventStore({ database });
  const journal = openLocalJournal({ database });
  const records = journal.read(0n, 1_000_000, Number.MAX_SAFE_INTEGER);
  const ids = records.flatMap(({ data }) => splitRecord(data).map((line) => fromJournalLine(line).id));
  const { total } = await store.search({ ...everyEvent("default"), tags: ["all"] }, { offset: 0, limit: 1 });
  const tailed: string[] = [];
  let page: Pick<TailPage, "position" | "caughtUp"> = { position: { store: "", shards: new Map() }, caughtUp: false };
  while (!page.caughtUp) {
    const next = await store.tail(everyEvent("default"), page.position, 1000);
    tailed.push(...next.entries.map(({ event }) => event.id));
    page = next;
  }

  expect(database.get("PRAGMA integrity_check")).toEqual({ integrity_check: "ok" });
  expect(new Set(ids).size).toBe(ids.length);
  expect(durable.filter((id) => !ids.includes(id))).toEqual([]);
  expect(tailed).toEqual(ids);
  expect(total).toBe(ids.length);
  database.close();
});
