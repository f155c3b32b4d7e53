import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { everyEvent } from "#core/events/event-filter.ts";
import { openDatabase } from "#stores/embedded/database.ts";
import { EmbeddedEventStore } from "#stores/embedded/embedded-event-store.ts";
import { anEvent } from "#test/support/an-event.ts";

describe("the database file", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "pulse-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test("is refused to a second user at once, and free when the first has closed it", () => {
    const file = join(folder, "data", "pulse.db");
    const first = openDatabase(file);

    expect(() => openDatabase(file)).toThrow(expect.objectContaining({ kind: "unavailable" }));

    first.close();
    openDatabase(file).close();
  });

  test("of another version is refused in words, and left as it is", () => {
    const file = join(folder, "pulse.db");
    openDatabase(file).close();
    const other = new DatabaseSync(file);
    other.exec("CREATE TABLE event (id TEXT); PRAGMA user_version = 0");
    other.close();
    const before = readFileSync(file);

    expect(() => openDatabase(file)).toThrow(/another version of Pulse \(layout 0, this version's is \d+\)/);
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  test("that is none is refused in words, and left as it is", () => {
    const file = join(folder, "pulse.db");
    writeFileSync(file, "a text of somebody's, and longer than the header of a database is");

    expect(() => openDatabase(file)).toThrow(
      expect.objectContaining({ kind: "unavailable", message: "its file is not a database" }),
    );
    expect(readFileSync(file, "utf8")).toMatch(/^a text of somebody's/);
  });

  test("is in a folder that nobody else of the machine may look into", () => {
    openDatabase(join(folder, "made", "pulse.db")).close();

    expect(statSync(join(folder, "made")).mode & 0o077).toBe(0);
  });

  test("keeps no more statements prepared than a bound, however many different ones are asked", () => {
    const database = openDatabase(":memory:");
    const first = database.prepare("SELECT 0");

    for (let number = 1; number <= 2_000; number++) database.get(`SELECT ${number}`);

    expect(database.prepare("SELECT 0")).not.toBe(first);
    database.close();
  });

  test("keeps events, checkpoints and the store's identity when it is closed and opened again", async () => {
    const file = join(folder, "pulse.db");
    const event = anEvent({ key: "k", value: "1e400" });
    const first = openDatabase(file);
    const written = new EmbeddedEventStore({ database: first });
    await written.keep([{ event }]);
    await written.checkpoint("events/one", `${"1".padStart(56, "0")}.00000`);
    const position = await written.position();
    first.close();

    const second = openDatabase(file);
    const read = new EmbeddedEventStore({ database: second });

    expect(await read.search({ ...everyEvent("default"), tags: ["tests"] }, { offset: 0, limit: 1 })).toEqual({
      events: [event],
      total: 1,
    });
    expect(await read.position()).toEqual(position);
    second.close();
  });

  test("undoes all of a transaction that fails, and what was remembered of it", async () => {
    const database = openDatabase(":memory:");
    const store = new EmbeddedEventStore({ database });
    const entry = {
      event: anEvent({ type: "custom" }),
      point: { shard: "events/one", seq: `${"0".repeat(55)}1.00000` },
    };

    const failing = () =>
      database.transaction(() => {
        store.keepInTransaction([entry]);
        throw new Error("afterwards");
      });

    expect(failing).toThrow("afterwards");
    expect(await store.eventTypes("default")).toEqual([]);
    expect((await store.position()).shards.size).toBe(0);
    await store.keep([entry]);
    expect(await store.eventTypes("default")).toEqual([
      { type: "custom", count: 1, newestMs: entry.event.timestampMs, index: "embedded" },
    ]);
  });
});
