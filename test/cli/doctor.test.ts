import { spawnSync } from "node:child_process";
import { utimesSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { checkArchive, type IndexedTimes } from "#cli/doctor/check-archive.ts";
import { checkDeadLetters } from "#cli/doctor/check-dead-letters.ts";
import { checkLocalJournal } from "#cli/doctor/check-local-folder.ts";
import { type Finding, findings } from "#cli/doctor/finding.ts";
import { openPlace } from "#cli/places/place.ts";
import { toSeq } from "#core/events/event-journal.ts";
import type { DeadLetter } from "#core/events/index-entries.ts";
import { toJournalLine } from "#core/events/records/journal-record.ts";
import { servePulse } from "#dev/served-pulse.ts";
import { LocalDeadLetters } from "#journals/local/local-dead-letters.ts";
import { openLocalJournal } from "#journals/local/local-event-journal.ts";
import { openLocalLogJournal } from "#journals/local/local-log-journal.ts";
import { DATABASE_FILE, openDatabase } from "#stores/embedded/database.ts";
import { anEvent } from "#test/support/samples/an-event.ts";
import { aLogLine } from "#test/support/samples/log-records.ts";
import { temporaryFolder } from "#test/support/temporary-folder.ts";

jest.setTimeout(60_000);

const LAUNCH = join(import.meta.dirname, "..", "..", "cli", "launch.js");
const MINUTE_MS = 60_000;
const NOW_MS = Date.UTC(2026, 2, 15, 12);

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.remove());

const doctor = (...args: string[]) => spawnSync(process.execPath, [LAUNCH, "doctor", ...args], { encoding: "utf8" });
const levelsOf = (found: readonly Finding[]) => found.map(({ level }) => level);

describe("pulse doctor", () => {
  test("explains itself, and names all that is wrong with a call", () => {
    expect(doctor("--help")).toMatchObject({ status: 0, stdout: expect.stringContaining("Examples:") });
    expect(doctor("--opensearch", "nowhere", "--auth", "maybe", "--server", "x")).toMatchObject({
      status: 2,
      stdout: "",
      stderr: expect.stringMatching(/"nowhere".*"maybe".*"x".*pulse doctor --help/),
    });
    expect(doctor("--auth", "none")).toMatchObject({ status: 2, stderr: expect.stringContaining("--opensearch") });
    expect(doctor("--declared", "/nowhere/types.json")).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(
        /--declared \/nowhere\/types.json cannot be read: .*--declared goes with --opensearch/,
      ),
    });
    expect(doctor("--fix")).toMatchObject({ status: 2, stderr: expect.stringContaining("--fix") });
  });

  test("cannot look at a folder that no server has used", () => {
    const { status, stdout } = doctor("--data", folder.path);

    expect(status).toBe(2);
    expect(stdout).toContain("docs/runbook.md#local-folder");
  });

  test("looks into the folder where a server keeps its events, wherever in the project npm was called", () => {
    const env = { ...process.env, INIT_CWD: join(folder.path, "docs") };
    const { stdout } = spawnSync(process.execPath, [LAUNCH, "doctor"], { encoding: "utf8", cwd: folder.path, env });

    expect(stdout).toContain(`no server has kept anything in ${join(folder.path, ".pulse")}\n`);
  });

  test("finds a local server well, while it runs and when it has stopped", async () => {
    const server = await servePulse(["--port", "0", "--syslog", "0", "--data", folder.path]);
    await fetch(`${server.url}/api/v1/events`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"tags":["a"]}',
    });

    const running = doctor("--data", folder.path, "--server", server.url);
    const elsewhere = doctor("--data", folder.path, "--server", "http://127.0.0.1:1");
    await server.stop();
    const stopped = doctor("--data", folder.path);

    expect(running).toMatchObject({
      status: 0,
      stdout: expect.stringContaining(`in use by the server at ${server.url}`),
    });
    expect(elsewhere).toMatchObject({ status: 2, stdout: expect.stringContaining("no Pulse answers at") });
    expect(stopped).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/is indexed to its end.*are well\.\n$/s),
    });
  });

  test("ends with 1 where dead letters wait, tells why and what to do, and shows nothing of the events", async () => {
    openDatabase(join(folder.path, DATABASE_FILE)).close();
    await new LocalDeadLetters(folder.path).take([
      {
        reason: "mapper_parsing_exception: failed to parse 'secret'",
        line: toJournalLine(anEvent({ tags: ["secret"] })),
      },
    ]);

    const { status, stdout } = doctor("--data", folder.path);

    expect(status).toBe(1);
    expect(stdout).toMatch(
      /warn +dead letters +1 in 1 file of .*: mapper_parsing_exception \(1\)\n +→ .*redrive.*#dead-letters\)/,
    );
    expect(stdout).not.toContain("secret");
  });

  test("gives findings to programs as JSON", () => {
    const { stdout } = doctor("--data", folder.path, "--json");

    expect(JSON.parse(stdout)).toEqual([
      {
        level: "unknown",
        part: "local folder",
        says: expect.stringContaining(folder.path),
        page: "docs/runbook.md#local-folder",
        remedy: expect.any(String),
      },
    ]);
  });
});

describe("a local journal", () => {
  /** A journal of two records, of which the checkpoint has seen some; `nowMs` is so long after the last. */
  async function checkJournal(recordsSeen: number, waitedMs: number): Promise<readonly Finding[]> {
    const database = openDatabase(join(folder.path, DATABASE_FILE));
    const journal = openLocalJournal({ database, now: () => NOW_MS });
    await journal.append([anEvent()]);
    await journal.append([anEvent()]);
    database.close();
    const checkpoints = recordsSeen === 0 ? [] : [{ shard: journal.shard, seq: toSeq(recordsSeen, 0) }];
    const nowMs = NOW_MS + waitedMs;
    return checkLocalJournal({ folder: folder.path, checkpoints, serverUrl: "http://127.0.0.1:1", nowMs });
  }

  test.each([
    [2, 60 * MINUTE_MS, "ok"],
    [1, 0, "ok"],
    [1, 2 * MINUTE_MS, "warn"],
    [1, 6 * MINUTE_MS, "bad"],
    [0, 6 * MINUTE_MS, "bad"],
  ] as const)("of which %i of 2 records are indexed %i ms later is %s", async (seen, waitedMs, level) => {
    expect(levelsOf(await checkJournal(seen, waitedMs))).toEqual([level]);
  });
});

test("a local journal of log lines is looked at beside that of events", async () => {
  const database = openDatabase(join(folder.path, DATABASE_FILE));
  const now = () => NOW_MS;
  const [events, logs] = [openLocalJournal({ database, now }), openLocalLogJournal({ database, now })];
  await logs.append([aLogLine(1, "a")]);
  await logs.append([aLogLine(2, "b")]);
  const lookAt = (seen: number) =>
    checkLocalJournal({
      folder: folder.path,
      checkpoints: [{ shard: logs.shard, seq: toSeq(seen, 0) }],
      serverUrl: "http://127.0.0.1:1",
      nowMs: NOW_MS + 6 * MINUTE_MS,
    });
  database.close();

  const [ofEvents, behind] = await lookAt(1);

  expect(ofEvents).toMatchObject({ level: "ok", says: `${events.shard} is indexed to its end` });
  expect(behind).toMatchObject({ level: "bad", says: expect.stringContaining(logs.shard), page: "consumer-behind" });
  expect(levelsOf(await lookAt(2))).toEqual(["ok", "ok"]);
});

describe("dead letters", () => {
  const aLetter = (reason: string): DeadLetter => ({ reason, line: toJournalLine(anEvent()) });
  const lookAt = async (path: string) => checkDeadLetters(await openPlace(path));

  test("are well where there are none", async () => {
    expect(levelsOf(await lookAt(folder.path))).toEqual(["ok"]);
  });

  test("are not looked for in a place that holds something else", async () => {
    await writeFile(join(folder.path, "pulse.db"), "SQLite format 3");

    expect(await lookAt(folder.path)).toMatchObject([
      { level: "unknown", says: expect.stringContaining("(pulse.db)") },
    ]);
  });

  test("are counted by their reasons, the most frequent first", async () => {
    const reasons = ["a", "b", "b", "c", "d", "e", "f"];
    await new LocalDeadLetters(folder.path).take(reasons.map(aLetter));

    const [finding] = await lookAt(folder.path);

    expect(finding?.says).toMatch(/^7 in 1 file of .*: b \(2\), a \(1\), c \(1\), d \(1\), e \(1\), …$/);
  });
});

describe("an archive", () => {
  const archive = async (file: string, modifiedMs: number): Promise<void> => {
    const path = join(folder.path, file);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, "x");
    utimesSync(path, modifiedMs / 1000, modifiedMs / 1000);
  };
  const lookAt = async (indexedMs: IndexedTimes) =>
    checkArchive({ place: await openPlace(folder.path), indexedMs, nowMs: NOW_MS });

  test("is well when it is as new as what is indexed, however long nothing has come", async () => {
    await archive("events/2026/02/28/23/1.ndjson.gz", NOW_MS - 15 * 24 * 60 * MINUTE_MS);

    expect(levelsOf(await lookAt({ events: NOW_MS - 16 * 24 * 60 * MINUTE_MS }))).toEqual(["ok"]);
    expect(levelsOf(await lookAt({}))).toEqual(["ok"]);
  });

  test("may be some minutes behind what is indexed, but not more", async () => {
    await archive("events/2026/03/15/11/1.ndjson.gz", NOW_MS - 60 * MINUTE_MS);

    expect(levelsOf(await lookAt({ events: NOW_MS - 5 * MINUTE_MS }))).toEqual(["ok"]);
    expect(levelsOf(await lookAt({ events: NOW_MS - 20 * MINUTE_MS }))).toEqual(["bad"]);
  });

  test("that is empty while events are indexed is not well", async () => {
    expect(levelsOf(await lookAt({ events: NOW_MS - 20 * MINUTE_MS }))).toEqual(["bad"]);
  });

  test("that is empty is well where nothing is indexed either", async () => {
    expect(levelsOf(await lookAt({ events: -Infinity, "haproxy-logs": -Infinity }))).toEqual(["ok", "ok"]);
  });

  test("is none where nothing lies as in an archive, and nothing is known of what should", async () => {
    await archive("2026/03/15/11/1.ndjson.gz", NOW_MS);

    expect(await lookAt({})).toEqual([
      {
        level: "unknown",
        part: "archive",
        says: `${folder.path} has no folder events/ or haproxy-logs/: is it an archive?`,
        page: "out-of-reach",
      },
    ]);
  });

  test("has a folder for each stream: that of one says nothing of the other", async () => {
    await archive("events/2026/03/15/12/1.ndjson.gz", NOW_MS);
    await archive("haproxy-logs/2026/03/15/11/1.ndjson.gz", NOW_MS - 60 * MINUTE_MS);

    const found = await lookAt({ events: NOW_MS - 30 * 60 * MINUTE_MS, "haproxy-logs": NOW_MS - 20 * MINUTE_MS });

    expect(levelsOf(found)).toEqual(["ok", "bad"]);
    expect(found[1]?.says).toContain("the newest file is haproxy-logs/2026/03/15/11/1.ndjson.gz, and what was indexed");
  });

  test("tells what could not be delivered", async () => {
    await archive("errors/events/format-conversion-failed/2026/03/15/1.json", NOW_MS);

    const found = await lookAt({});

    expect(found).toMatchObject([{ level: "warn", page: "archive-behind" }]);
  });
});

describe("a part that cannot be looked at", () => {
  test("is said to be so, with the message alone", async () => {
    const error = Object.assign(new Error("no such stream"), { name: "ResourceNotFoundException", token: "secret" });

    const found = await findings("stream", () => Promise.reject(error));

    expect(found).toEqual([
      {
        level: "unknown",
        part: "stream",
        says: "cannot be looked at: ResourceNotFoundException: no such stream",
        page: "out-of-reach",
      },
    ]);
  });
});
