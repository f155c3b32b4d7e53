import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { everyEvent } from "#core/events/query/event-filter.ts";
import { openDatabase } from "#stores/embedded/database.ts";
import { EmbeddedEventStore } from "#stores/embedded/embedded-event-store.ts";
import { anEvent } from "#test/support/samples/an-event.ts";

function refusalOf(action: () => unknown): Error {
  try {
    action();
  } catch (error) {
    return error as Error;
  }
  throw new Error("nothing was refused");
}

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

  test("says which process uses it, and nothing of one that has gone", () => {
    const file = join(folder, "pulse.db");
    const first = openDatabase(file);

    expect(() => openDatabase(file)).toThrow(
      `the database is in use by another process, and each needs one of its own: that one is process ${process.pid}`,
    );
    writeFileSync(`${file}.pid`, `${2 ** 22 + 1}\n`); // above the largest id that Linux gives
    expect(() => openDatabase(file)).toThrow(/in use by another process, and each needs one of its own$/);
    writeFileSync(`${file}.pid`, "of somebody else");
    expect(() => openDatabase(file)).toThrow(/in use by another process, and each needs one of its own$/);

    first.close();
    expect(readdirSync(folder)).toEqual(["pulse.db"]);
  });

  test.each([
    ["a file", "taken", /^taken is a file, and not a folder$/],
    ["a path below a file", "taken/below/it", /^taken is a file, and not a folder$/],
    ["a link that leads nowhere", "dangling", /^dangling cannot be made: /],
  ])("is refused in words where its folder is %s", (_, at, message) => {
    writeFileSync(join(folder, "taken"), "a text");
    symlinkSync(join(folder, "nowhere", "at", "all"), join(folder, "dangling"));

    const refused = refusalOf(() => openDatabase(join(folder, at, "pulse.db")));

    expect(refused).toMatchObject({ kind: "unavailable" });
    expect(refused.message.replaceAll(`${folder}/`, "")).toMatch(message);
  });

  test("is refused at once where no folder can be made", () => {
    const startedMs = performance.now();

    expect(() => openDatabase("/proc/pulse/data/pulse.db")).toThrow(/^\/proc\S* cannot be made: /);
    expect(performance.now() - startedMs).toBeLessThan(5000);
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
