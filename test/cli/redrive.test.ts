import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { Event } from "#core/events/event.ts";
import { toDeadLetterLines } from "#core/events/index-entries.ts";
import { splitRecord, toJournalLine } from "#core/events/records/journal-record.ts";
import { eventIdOf } from "#core/haproxy/logs/event-id.ts";
import { toLogRecordLine } from "#core/haproxy/logs/log-record.ts";
import { fromLogRecordLine } from "#core/haproxy/logs/read-log-record.ts";
import { servePulse } from "#dev/served-pulse.ts";
import { openKinesis, readRecords, STREAM, type TestKinesis } from "#test/support/aws/kinesis.ts";
import { openS3, type TestS3 } from "#test/support/aws/s3.ts";
import { runPulse } from "#test/support/run-pulse.ts";
import { anEvent } from "#test/support/samples/an-event.ts";
import { aLogLine, httplogLine } from "#test/support/samples/log-records.ts";
import { temporaryFolder } from "#test/support/temporary-folder.ts";

const lettersOf = (...events: readonly Event[]): string =>
  toDeadLetterLines(events.map((event) => ({ reason: "refused", line: toJournalLine(event).trimEnd() })));

const redrive = (args: readonly string[], environment: Readonly<Record<string, string>> = {}) =>
  runPulse(["redrive", ...args], { environment });

describe("pulse redrive", () => {
  test("explains itself, and names all that is wrong with a call", async () => {
    expect(await redrive(["--help"])).toMatchObject({ code: 0, stdout: expect.stringContaining("Example:") });
    expect(await redrive([])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(
        /dead letters; one of --stream, --haproxy-logs and --data is needed \(pulse redrive --help\)\n$/,
      ),
    });
    expect(await redrive(["a", "b", "--stream", "s", "--data", "d", "--type", "a b"])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/one place, not also b; .*exclude each other; --type takes event types, not "a b"/),
    });
    expect(await redrive(["/nowhere/at/all", "--stream", "s"])).toMatchObject({
      code: 2,
      stderr: "pulse: there is no folder or file /nowhere/at/all\n",
    });
    expect(await redrive(["gs://bucket", "--stream", "s"])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('s3://bucket/prefix, not "gs://bucket"'),
    });
    expect(await redrive(["--data", "/nowhere"])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("/nowhere"),
    });
  }, 60_000);
});

describe("pulse redrive from a bucket to a stream", () => {
  let s3: TestS3;
  let kinesis: TestKinesis;
  let environment: Record<string, string>;

  beforeEach(async () => {
    [s3, kinesis] = await Promise.all([openS3(), openKinesis()]);
    environment = { ...s3.environment, AWS_ENDPOINT_URL_KINESIS: kinesis.config.endpoint };
  });
  afterEach(() => Promise.all([s3.close(), kinesis.close()]));

  test("appends every event under its own id and time, moves the objects, and finds nothing more to do", async () => {
    const events = Array.from({ length: 8 }, (_, index) => anEvent({ value: `1e40${index}` }));
    for (const [index, event] of events.entries())
      s3.put(`dead/index-events/2026-03-1${index}/a b.ndjson`, lettersOf(event));
    s3.put("dead/other/x.ndjson", lettersOf(anEvent()));

    const first = await redrive(["s3://dead/index-events", "--stream", STREAM], environment);
    const second = await redrive(["s3://dead/index-events/", "--stream", STREAM], environment);

    expect(first).toEqual({
      code: 0,
      stdout: "Appended 8 dead letters of 8 files in s3://dead/index-events/ to the stream events\n",
      stderr: "",
    });
    expect(second).toMatchObject({ code: 0, stdout: expect.stringContaining("Appended 0 dead letters of 0 files") });
    const byId = (one: Event, other: Event): number => (one.id < other.id ? -1 : 1);
    expect((await kinesis.read()).map(({ event }) => event).sort(byId)).toEqual(events);
    const places = [...s3.objects.keys()].sort();
    expect(places[0]).toMatch(/^dead\/index-events\/redriven\/2026-03-10\/a b\.[0-9a-f]{12}\.ndjson$/);
    expect(places).toHaveLength(9);
    expect(places.at(-1)).toBe("dead/other/x.ndjson");
  }, 60_000);

  test("appends log lines to the stream of log lines, as members of gzip", async () => {
    const [one, two] = [aLogLine(1, "a"), aLogLine(2, "b")];
    const letters = [one, two].map((record) => ({ reason: "refused", line: toLogRecordLine(record).trimEnd() }));
    s3.put("dead/index-haproxy-logs/a.ndjson", toDeadLetterLines(letters));
    s3.put("dead/index-events/a.ndjson", lettersOf(anEvent()));

    const outcome = await redrive(["s3://dead", "--haproxy-logs", STREAM], environment);

    expect(outcome).toEqual({
      code: 0,
      stdout:
        "Appended 2 dead letters of 2 files in s3://dead/ to the stream events\n" +
        "  1 letter left where they are: of another type, reason or stream\n",
      stderr: "",
    });
    const held = await readRecords(kinesis.client, STREAM);
    const lines = held.flatMap(({ data }) => splitRecord(gunzipSync(data).toString()));
    expect(lines.map(fromLogRecordLine)).toEqual([one, two]);
    expect([...s3.objects.keys()].filter((key) => !key.includes("redriven"))).toEqual(["dead/index-events/a.ndjson"]);
  }, 60_000);

  test("refuses a place that holds other files and no dead letters, and says what it found", async () => {
    s3.put("archive/events/2026/03/15/12/1.ndjson.gz", "gzip");
    s3.put("archive/events/2026/03/15/13/1.ndjson.gz", "gzip");

    const outcome = await redrive(["s3://archive", "--stream", STREAM], environment);

    expect(outcome).toEqual({
      code: 2,
      stdout: "",
      stderr:
        "pulse: s3://archive/ holds no dead letters, but 2 files that are none, the first events/2026/03/15/12/1.ndjson.gz\n",
    });
  }, 60_000);

  test("says in a line what AWS refused, and moves nothing", async () => {
    s3.put("dead/x.ndjson", lettersOf(anEvent()));

    const outcome = await redrive(["s3://dead", "--stream", "missing"], environment);

    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toMatch(/^pulse: the stream missing: ResourceNotFoundException: .*\n$/);
    expect([...s3.objects.keys()]).toEqual(["dead/x.ndjson"]);
  }, 60_000);

  test("counts what it would append with --dry-run", async () => {
    s3.put("dead/x.ndjson", `${lettersOf(anEvent(), anEvent({ type: "health" }))}nonsense\n`);

    const outcome = await redrive(["s3://dead", "--dry-run", "--type", "health"], environment);

    expect(outcome).toEqual({
      code: 1,
      stdout:
        "Would append 1 dead letter of 1 file in s3://dead/\n" +
        "  1 letter left where they are: of another type, reason or stream\n" +
        "  1 letter left where they are: unreadable\n",
      stderr: "s3://dead/x.ndjson: no dead letter\n",
    });
    expect([...s3.objects.keys()]).toEqual(["dead/x.ndjson"]);
    expect(await kinesis.read()).toEqual([]);
  }, 60_000);
});

describe("pulse redrive to a local server's journal", () => {
  test("brings log lines back too: the server makes events of them when it starts", async () => {
    const folder = await temporaryFolder();
    const options = ["--port", "0", "--syslog", "0", "--data", folder.path];
    const record = { ...aLogLine(1, httplogLine()), at: new Date().toISOString() };
    const letter = { reason: "refused", line: toLogRecordLine(record).trimEnd() };
    let pulse = await servePulse(options);
    try {
      await pulse.stop();
      writeFileSync(join(folder.path, "dead-letters.ndjson"), toDeadLetterLines([letter]));

      const done = await redrive(["--data", folder.path]);
      pulse = await servePulse(options);

      expect(done).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Appended 1 dead letter of 1 file in /) });
      const answer = await fetch(`${pulse.url}/api/v1/events?type=haproxy`);
      expect(await answer.json()).toEqual([expect.objectContaining({ id: eventIdOf(record.id) })]);
    } finally {
      await pulse.kill();
      await folder.remove();
    }
  }, 60_000);

  test("waits for the server to stop; when it is back, it has the events, once", async () => {
    const folder = await temporaryFolder();
    const options = ["--port", "0", "--syslog", "0", "--data", folder.path];
    const event = anEvent({ tags: ["again"], receivedAtMs: Date.now() });
    const file = join(folder.path, "dead-letters.ndjson");
    let pulse = await servePulse(options);
    try {
      writeFileSync(file, lettersOf(event, event));

      const refused = await redrive(["--data", folder.path]);
      await pulse.stop();
      const done = await redrive(["--data", folder.path]);
      writeFileSync(file, lettersOf(event));
      const again = await redrive([file, "--data", folder.path]);
      pulse = await servePulse(options);

      expect(refused).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/in use by another process.* \(a redrive needs the folder to itself\)\n$/),
      });
      expect(done).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Appended 2 dead letters of 1 file in /) });
      expect(again).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Appended 1 dead letter of 1 file in /) });
      expect(existsSync(file)).toBe(false);
      const answer = await fetch(`${pulse.url}/api/v1/events?tag=again`);
      expect(await answer.json()).toEqual([expect.objectContaining({ id: event.id })]);
    } finally {
      await pulse.kill();
      await folder.remove();
    }
  }, 60_000);
});
