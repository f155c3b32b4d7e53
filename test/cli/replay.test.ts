import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { Client } from "@opensearch-project/opensearch";
import type { Event } from "#core/events/event.ts";
import { everyEvent } from "#core/events/query/event-filter.ts";
import { eventIdOf } from "#core/haproxy/logs/event-id.ts";
import { toLogRecordLine } from "#core/haproxy/logs/log-record.ts";
import { openClient, request } from "#stores/opensearch/client.ts";
import { indexTemplates } from "#stores/opensearch/index-templates.ts";
import { installTemplates } from "#stores/opensearch/install-templates.ts";
import { OpenSearchEventStore } from "#stores/opensearch/opensearch-event-store.ts";
import { openS3, type TestS3 } from "#test/support/aws/s3.ts";
import { openFaultyProxy } from "#test/support/http/faulty-proxy.ts";
import { describeOpenSearch } from "#test/support/opensearch/opensearch.ts";
import { type PulseRun, runPulse } from "#test/support/run-pulse.ts";
import { anEvent, RECEIVED_AT_MS } from "#test/support/samples/an-event.ts";
import { archived, archivePath } from "#test/support/samples/archive.ts";
import { aLogLine } from "#test/support/samples/log-records.ts";
import { temporaryFolder } from "#test/support/temporary-folder.ts";

const HOUR_MS = 3_600_000;

describe("pulse replay", () => {
  test("explains itself, and names all that is wrong with a call", async () => {
    const replay = (...args: string[]): Promise<PulseRun> => runPulse(["replay", ...args]);

    expect(await replay("--help")).toMatchObject({ code: 0, stdout: expect.stringContaining("Example:") });
    expect(await replay()).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(
        /bucket\/prefix to replay; --opensearch <url> is missing \(pulse replay --help\)\n$/,
      ),
    });
    const wrong = await replay("a", "--opensearch", "x", "--auth", "y", "--since", "z", "--type", "ä");
    expect(wrong.code).toBe(2);
    for (const fault of ['not "x"', 'not "y"', "--since must be a time", 'not "ä"'])
      expect(wrong.stderr).toContain(fault);
    const target = ["--opensearch", "http://127.0.0.1:1"];
    expect(await replay("a", ...target, "--declared", import.meta.filename)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/--declared .* cannot be read: it holds no declarations of types/),
    });
    expect(await replay("a", ...target, "--since", "2026-03", "--until", "2026-02")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("--since lies after --until"),
    });
    expect(await replay("/nowhere", ...target)).toMatchObject({ code: 2, stderr: expect.stringContaining("/nowhere") });
  }, 60_000);
});

describeOpenSearch("pulse replay into OpenSearch", (url) => {
  let s3: TestS3;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let client: Client;
  let store: OpenSearchEventStore;
  /** One of its own: the node may be shared. */
  let namespace: string;

  beforeEach(async () => {
    [s3, folder, client] = await Promise.all([openS3(), temporaryFolder(), openClient({ url: url(), auth: "none" })]);
    await installTemplates(client, indexTemplates());
    store = new OpenSearchEventStore(client);
    namespace = `replay-${Date.now().toString(36)}`;
  }, 120_000);
  afterEach(async () => {
    await request(client, { method: "DELETE", path: `/pulse.*.${namespace}.*` });
    await Promise.all([s3.close(), store.close(), folder.remove()]);
  }, 120_000);

  const replay = (args: readonly string[], target = url()): Promise<PulseRun> =>
    runPulse(["replay", ...args, "--opensearch", target], { cwd: folder.path, environment: s3.environment });

  /** An event for each hour, in a file of that hour. */
  function archiveHours(hours: number): Event[] {
    return Array.from({ length: hours }, (_, hour) => {
      const receivedAtMs = RECEIVED_AT_MS + hour * HOUR_MS;
      const event = anEvent({ namespace, receivedAtMs, type: hour % 2 === 0 ? "event" : "health" });
      s3.put(`archive/${archivePath(receivedAtMs, "f 1.ndjson.gz")}`, archived([event]), receivedAtMs);
      return event;
    });
  }

  async function kept(): Promise<string[]> {
    const { events } = await store.search(everyEvent(namespace), { offset: 0, limit: 1000 });
    return events.map(({ id }) => id).sort();
  }

  test("takes a range of time from a bucket, and looks at the folders of those hours only", async () => {
    const events = archiveHours(30);
    s3.put("archive/errors/2026/x", "not for it");
    const wanted = events.slice(2, 4).map(({ id }) => id);

    const first = await replay(["s3://archive/events", "--since", "2026-03-15T14", "--until", "2026-03-15T15"]);
    const requests = s3.requests.join("\n");
    const again = await replay(["s3://archive/events", "--since", "2026-03-15T14", "--until", "2026-03-15T15"]);

    expect(first).toEqual({
      code: 0,
      stdout: [
        `Replayed 2 events from 28 files of s3://archive/events/ into ${url()}/`,
        "  received from 2026-03-15T14:00:00.000Z until 2026-03-15T15:59:59.999Z",
        "  26 events left out: of another time or type\n",
      ].join("\n"),
      stderr: "",
    });
    expect(await kept()).toEqual(wanted);
    expect(again.stdout).toBe(first.stdout);
    expect(requests).toMatch(/GET \/archive\/events\/2026\/03\/15\/14\/f%201/);
    expect(requests).not.toMatch(/2026(%2F|\/)03\1(15\1(00|12)|16\1(17|18))/);
    expect(readdirSync(join(folder.path, ".pulse"))).toEqual([]);
  }, 120_000);

  test("fills the fields of types that the deployment declares", async () => {
    const fields = { total: "double" } as const;
    const declared = [{ name: `orders-${namespace}`, period: "month", retentionDays: 30, fields }] as const;
    const [orders] = declared;
    await installTemplates(client, indexTemplates(declared));
    const event = anEvent({ namespace, type: orders.name, value: '{"total":12.5}' });
    s3.put(`archive/${archivePath(RECEIVED_AT_MS, "f.ndjson.gz")}`, archived([event]), RECEIVED_AT_MS);
    const file = join(folder.path, "types.json");
    writeFileSync(file, JSON.stringify(declared));

    const { code } = await replay(["s3://archive/events", "--until", "2026-03-16", "--declared", file]);

    const knowing = new OpenSearchEventStore(client, { types: declared });
    const total = { type: "sum", field: { kind: "declared", name: "total" } } as const;
    const query = { ...everyEvent(namespace), types: [orders.name] };
    const sum = await knowing.aggregate(query, { aggregator: total, size: 1 });
    await request(client, { method: "DELETE", path: `/_index_template/pulse.${orders.name}` });
    expect({ code, sum }).toEqual({ code: 0, sum: { value: 12.5 } });
  }, 120_000);

  test("reads log lines by the formats of a haproxy.cfg, and keeps them unparsed without", async () => {
    const at = new Date(RECEIVED_AT_MS).toISOString();
    const line = "<134>Mar 15 12:00:00 edge-1 haproxy[9]: 192.0.2.8:40002 edge says 503 after 12 ms";
    const record = aLogLine(1, line, { namespace, at });
    const archive = (stream: string, lines: string) =>
      s3.put(`archive/${archivePath(RECEIVED_AT_MS, "f.ndjson.gz", stream)}`, gzipSync(lines), RECEIVED_AT_MS);
    const config = join(folder.path, "haproxy.cfg");
    writeFileSync(config, 'frontend edge\n  log 127.0.0.1 local0\n  log-format "%ci:%cp %ft says %ST after %Ta ms"\n');
    const heldValue = async (id: string) => JSON.parse((await store.find(namespace, eventIdOf(id)))?.value ?? "{}");

    archive("haproxy-logs", toLogRecordLine(record));
    await replay(["s3://archive/haproxy-logs", "--until", "2026-04"]);
    archive("haproxy-logs", toLogRecordLine({ ...record, id: "other" }));
    const { code } = await replay(["s3://archive", "--until", "2026-04", "--haproxy-config", config]);

    expect(code).toBe(0);
    expect(await heldValue(record.id)).toMatchObject({ format: "unparsed", reason: "unknown-format" });
    expect(await heldValue("other")).toMatchObject({ ft: "edge", ST: 503, Ta: 12, line });
  }, 120_000);

  test("refuses a place that is no archive, once", async () => {
    s3.put("logs/haproxy.log", "a raw line\n".repeat(500), RECEIVED_AT_MS);

    const { code, stdout, stderr } = await replay(["s3://logs", "--until", "2026-04"]);

    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^pulse: s3:\/\/logs\/ is no archive: none of its first 100 lines is an event .*\n$/);
  }, 120_000);

  test("counts only with --dry-run, and takes only the types that are named", async () => {
    const events = archiveHours(4);

    const dry = await replay(["s3://archive/", "--until", "2026-04", "--type", "health", "--dry-run"]);
    const before = await kept();
    await replay(["s3://archive/", "--until", "2026-04", "--type", "health"]);

    expect(dry.stdout).toMatch(/^Would replay 2 events from 4 files of s3:\/\/archive\/ into/);
    expect(before).toEqual([]);
    expect(await kept()).toEqual([events[1]?.id, events[3]?.id]);
  }, 120_000);

  test("ends with 1 when something could not be read, which it names, and replays all the rest", async () => {
    const [event] = archiveHours(1) as [Event];
    s3.put(
      `archive/${archivePath(RECEIVED_AT_MS, "g.gz")}`,
      Buffer.concat([archived([]), Buffer.from("x")]),
      RECEIVED_AT_MS,
    );
    s3.put(`archive/${archivePath(RECEIVED_AT_MS, "h")}`, `${"nonsense\n".repeat(150)}`, RECEIVED_AT_MS);

    const { code, stderr, stdout } = await replay(["s3://archive", "--until", "2026-04"]);

    expect(code).toBe(1);
    expect(stdout).toContain("Replayed 1 event from 3 files");
    expect(stdout).toContain("\n  150 lines unreadable\n  1 part of files damaged\n");
    const hour = "s3://archive/events/2026/03/15/12";
    expect(stderr.split("\n")[0]).toBe(`${hour}/g.gz: after line 0, 1 bytes from byte 20 are no gzip`);
    expect(stderr).toContain(`${hour}/h:99: `);
    expect(stderr).not.toContain(`${hour}/h:100: `);
    expect(stderr).toMatch(/\n… and 51 faults more\n$/);
    expect(await kept()).toEqual([event.id]);
  }, 120_000);

  test("says in a line what S3 refused", async () => {
    await s3.close();

    const { code, stderr } = await replay(["s3://archive", "--until", "2026-04"]);

    expect(code).toBe(1);
    expect(stderr).toMatch(/^pulse: s3:\/\/archive\/: .*ECONNREFUSED.*\n$/);
  }, 120_000);

  test("that is killed goes on when it is started again, and a finished one begins afresh", async () => {
    const events = Array.from({ length: 12_000 }, (_, index) => anEvent({ namespace, value: String(index) }));
    for (let file = 0; file < 3; file++)
      s3.put(
        `archive/${archivePath(RECEIVED_AT_MS, `f${file}`)}`,
        archived(events.slice(file * 4000, file * 4000 + 4000)),
        RECEIVED_AT_MS,
      );
    let hangs = true;
    let bulks = 0;
    const proxy = await openFaultyProxy(url(), ({ path, body }) =>
      path.startsWith("/_bulk") && body.includes(`.${namespace}.`) && ++bulks > 2 && hangs
        ? { kind: "no-answer" }
        : undefined,
    );
    try {
      const args = ["s3://archive", "--until", "2026-04"];
      const command = join(import.meta.dirname, "..", "..", "cli", "launch.js");
      const killed = spawn(process.execPath, [command, "replay", ...args, "--opensearch", proxy.url], {
        cwd: folder.path,
        env: { PATH: process.env.PATH, ...s3.environment },
        stdio: "ignore",
      });
      const exited = once(killed, "exit");
      while (bulks < 3) await sleep(20);
      killed.kill("SIGKILL");
      await exited;
      hangs = false;
      const left = readdirSync(join(folder.path, ".pulse"));
      const readBefore = s3.requests.length;

      const resumed = await replay(args, proxy.url);
      const readAgain = s3.requests.slice(readBefore).filter((line) => /GET \/archive\/.*f\d/.test(line));
      const afresh = await replay(args, proxy.url);

      expect(left).toEqual([expect.stringMatching(/^replay-[0-9a-f]{12}\.json$/)]);
      expect(resumed.stdout).toMatch(/^Replayed 12,000 events from 3 files /);
      expect(readAgain.map((line) => /f\d/.exec(line)?.[0])).toEqual(["f1", "f2"]);
      expect(afresh.stdout).toBe(resumed.stdout);
      expect(readdirSync(join(folder.path, ".pulse"))).toEqual([]);
      const { total } = await store.search(everyEvent(namespace), { offset: 0, limit: 1 });
      expect(total).toBe(12_000);
    } finally {
      await proxy.close();
    }
  }, 180_000);

  test("keeps its state in the file that is named, and refuses that of another replay", async () => {
    archiveHours(1);
    const file = join(folder.path, "state.json");
    writeFileSync(file, JSON.stringify({ replay: { archive: "s3://other/" }, bounds: {}, state: {} }));

    const other = await replay(["s3://archive", "--until", "2026-04", "--resume", file]);
    writeFileSync(file, "{");
    const broken = await replay(["s3://archive", "--until", "2026-04", "--resume", file]);

    expect(other).toMatchObject({ code: 2, stderr: expect.stringContaining("state of another replay") });
    expect(broken).toMatchObject({ code: 2, stderr: expect.stringContaining("is not the state of a replay") });
    expect(await kept()).toEqual([]);
  }, 120_000);
});
