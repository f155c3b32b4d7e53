import { spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { connect as connectTcp } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { EventSource } from "eventsource";
import { eventIdOf } from "#core/haproxy/logs/event-id.ts";
import { type ServedPulse, servePulse } from "#dev/served-pulse.ts";
import { openLocalLogJournal } from "#journals/local/local-log-journal.ts";
import { DATABASE_FILE, openDatabase } from "#stores/embedded/database.ts";
import { aLogLine, httplogLine } from "#test/support/samples/log-records.ts";
import { temporaryFolder } from "#test/support/temporary-folder.ts";

const LAUNCH = join(import.meta.dirname, "..", "..", "cli", "launch.js");
const run = (...args: string[]) => spawnSync(process.execPath, [LAUNCH, ...args], { encoding: "utf8" });

const post = (url: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${url}/api/v1/events`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
const list = async (url: string, search: string): Promise<{ id: string; value: unknown; tags: string[] }[]> =>
  (await fetch(`${url}/api/v1/events?${search}`)).json() as never;
const total = async (url: string, search: string): Promise<number> =>
  Number((await fetch(`${url}/api/v1/events?${search}`)).headers.get("x-total-count"));

const HAPROXY_CONFIG = `
defaults
  mode http
frontend api
  bind :8080
  log-format '%f %HM %Td "%[var(txn.user)]"'
`;

describe("pulse", () => {
  test("explains itself, and says what is wrong with a call", () => {
    expect(run("--help")).toMatchObject({ status: 0, stdout: expect.stringContaining("pulse serve") });
    expect(run("serve", "--help")).toMatchObject({ status: 0, stdout: expect.stringContaining("Example:") });
    expect(run("--version").stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(run("fly")).toMatchObject({ status: 2, stderr: expect.stringContaining('no command "fly"') });
    expect(run("serve", "--prot", "1")).toMatchObject({ status: 2, stderr: expect.stringContaining("--prot") });
    expect(run("serve", "--port", "99999")).toMatchObject({ status: 2, stderr: expect.stringContaining("--port") });
    expect(run("serve", "--namespaces", "A")).toMatchObject({ status: 2, stderr: expect.stringContaining('"A"') });
    expect(run("serve", "--opensearch", "nowhere", "--port", "x", "--data", "", "--view-window", "0")).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/--port.*--view-window.*--data.*"nowhere".*pulse serve --help/),
    });
    expect(run("serve", "--measure-every", "7s")).toMatchObject({ status: 2, stderr: expect.stringContaining('"7s"') });
    expect(run("serve", "--syslog-zone", "Mars/Olympus")).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("Mars/Olympus"),
    });
  });
});

describe("pulse serve", () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  const running: ServedPulse[] = [];
  const serve = async (...options: string[]): Promise<ServedPulse> => {
    const pulse = await servePulse(["--port", "0", "--syslog", "0", "--data", folder.path, ...options]);
    running.push(pulse);
    return pulse;
  };

  beforeEach(async () => {
    folder = await temporaryFolder();
  });
  afterEach(async () => {
    for (const pulse of running.splice(0)) await pulse.kill();
    await folder.remove();
  });

  test("keeps what it was given across a graceful stop, which ends with 0", async () => {
    const first = await serve();
    const created = (await (
      await post(first.url, { tags: ["a"], value: 1 }, { "idempotency-key": "k" })
    ).json()) as object;
    expect(await first.stop()).toBe(0);

    const second = await serve();

    expect(await list(second.url, "tag=a")).toEqual([created]);
    const retried = await post(second.url, { tags: ["a"], value: 1 }, { "idempotency-key": "k" });
    expect(await retried.json()).toEqual(created);
    expect(await total(second.url, "tag=a")).toBe(1);
  });

  test("refuses a folder that another one uses, and a port that is taken", async () => {
    const { url } = await serve();

    await expect(serve()).rejects.toThrow(
      `ended with 1: pulse: ${folder.path} cannot be used: the database is in use by another process, and each needs one of its own: that one is process ${running[0]?.process.pid}\n`,
    );
    const other = await temporaryFolder();
    await expect(servePulse(["--port", new URL(url).port, "--syslog", "0", "--data", other.path])).rejects.toThrow(
      /cannot listen on port \d+: it is taken/,
    );
    await other.remove();
  });

  test("refuses in words, at once, what is no folder for its data", async () => {
    const file = join(folder.path, "a-file");
    await writeFile(file, "a text");
    const serveIn = (data: string) => run("serve", "--port", "0", "--syslog", "0", "--data", data);

    expect(serveIn(file)).toMatchObject({
      status: 1,
      stderr: `pulse: ${file} cannot be used: ${file} is a file, and not a folder\n`,
    });
    expect(serveIn("/proc/pulse")).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^pulse: \/proc\/pulse cannot be used: \/proc\/pulse cannot be made: .*\n$/),
    });
  });

  test("lets an EventSource go on across a restart without a gap or a repeat", async () => {
    const first = await serve();
    const port = new URL(first.url).port;
    const source = new EventSource(`${first.url}/api/v1/events/stream?tag=restart&named=false`);
    const got: unknown[] = [];
    const opened = new Promise((resolve) => source.addEventListener("open", resolve, { once: true }));
    const arrived = new Promise<void>((resolve) =>
      source.addEventListener("message", ({ data }) => {
        if (got.push(JSON.parse(data).value) === 4) resolve();
      }),
    );
    await opened;
    await post(first.url, { tags: ["restart"], value: 1 });
    while (got.length < 1) await new Promise((resolve) => setTimeout(resolve, 5));
    await first.kill();

    const between = await servePulse(["--port", "0", "--syslog", "0", "--data", folder.path]);
    await post(between.url, [
      { tags: ["restart"], value: 2 },
      { tags: ["restart"], value: 3 },
    ]);
    await between.stop();
    const second = await serve("--port", port);
    await post(second.url, { tags: ["restart"], value: 4 });
    await arrived;
    source.close();

    expect(got).toEqual([1, 2, 3, 4]);
  }, 60_000);

  test("turns HAProxy's lines into events, over UDP and TCP, and keeps those it cannot read", async () => {
    const pulse = await servePulse(["--port", "0", "--syslog", String(await freePort()), "--data", folder.path]);
    running.push(pulse);
    const line =
      '<134>Nov 22 01:22:46 gw haproxy[7]: 10.0.0.9:5 [22/Nov/2026:01:22:46.321] web~ app/s1 0/0/1/2/3 503 77 - - ---- 1/1/0/0/0 0/0 "GET /k8 HTTP/1.1"\n';
    const udp = createSocket("udp4");
    await new Promise<void>((resolve) => udp.send(line, pulse.syslogPort as number, "127.0.0.1", () => resolve()));
    const tcp = connectTcp(pulse.syslogPort as number, "127.0.0.1");
    await once(tcp, "connect");
    const nonsense = "<134>Nov 22 01:22:46 gw haproxy[7]: what is this";
    tcp.end(`${nonsense.length} ${nonsense}${line.length - 1} ${line.slice(0, -1)}`);
    while ((await total(pulse.url, "type=haproxy")) < 3) await new Promise((resolve) => setTimeout(resolve, 20));
    udp.close();

    const parsed = await list(pulse.url, "type=haproxy&tag=gateways:web&tag=status:5xx");
    expect(parsed).toHaveLength(2);
    expect(parsed[0]).toMatchObject({
      value: { format: "httplog", ci: "10.0.0.9", ST: 503, Ta: 3, tls: true, line: line.slice(0, -1) },
      timestamp: "2026-11-22T01:22:46.321Z",
    });
    const unparsed = await list(pulse.url, "type=haproxy&tag=format:unparsed");
    expect(unparsed).toMatchObject([{ value: { format: "unparsed", reason: expect.any(String), line: nonsense } }]);
  });

  test("reads the gateways' own log-formats, and answers for their fields", async () => {
    const config = join(folder.path, "haproxy.cfg");
    await writeFile(config, HAPROXY_CONFIG);
    const other = join(folder.path, "other.cfg");
    await writeFile(other, 'frontend other\n  log 127.0.0.1 local0\n  log-format "other %ST"\n');
    const { url } = await serve("--haproxy-config", config, "--haproxy-config", other);
    const logs = `${url}/api/v1/haproxy/logs?source=edge-1`;
    const lines = ['api GET 7 "bob"', 'api GET 9 "eve"', 'api PUT 2 "bob"'].map((line) => `<134>${line}\n`);

    const sent = await fetch(logs, { method: "POST", headers: { "content-type": "text/plain" }, body: lines.join("") });

    expect(await sent.json()).toEqual({ accepted: 3, unparsed: 0, rejected: 0, items: [] });
    const after = `after=${sent.headers.get("pulse-receipt")}`;
    const query = {
      type: "haproxy",
      value: { var_txn_user: "bob" },
      aggregator: { type: "sum", field: "Td" },
      groupBy: "tag:gateways",
    };
    const asked = await fetch(`${url}/api/v1/events/aggregate?${after}&q=${encodeURIComponent(JSON.stringify(query))}`);
    expect(await asked.json()).toEqual({ groups: [{ key: "gateways:api", count: 2, value: 9 }] });
  });

  test("streams log lines to whoever asks for their type, and to nobody else", async () => {
    const { url } = await serve();
    const got: string[][] = [[], []];
    const sources = ["type=haproxy&tag=gateways:web", "tag=gateways:web"].map((search, index) => {
      const source = new EventSource(`${url}/api/v1/events/stream?${search}&named=false`);
      source.addEventListener("message", ({ data }) => got[index]?.push(JSON.parse(data).value.uri ?? "an event"));
      return source;
    });
    await Promise.all(sources.map((source) => new Promise((open) => source.addEventListener("open", open))));
    const headers = { "content-type": "text/plain" };
    const body = `${httplogLine({ uri: "/1" })}\n${httplogLine({ frontend: "api" })}\n${httplogLine({ uri: "/2" })}\n`;

    await fetch(`${url}/api/v1/haproxy/logs`, { method: "POST", headers, body });
    while ((got[0]?.length ?? 0) < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    await post(url, { tags: ["gateways:web"], value: {} });
    while ((got[1]?.length ?? 0) < 1) await new Promise((resolve) => setTimeout(resolve, 5));
    for (const source of sources) source.close();

    expect(got).toEqual([["/1", "/2"], ["an event"]]);
  });

  test("makes events of the log lines that its journal held when it ended", async () => {
    const records = [1, 2].map((number) => aLogLine(number, httplogLine()));
    const database = openDatabase(join(folder.path, DATABASE_FILE));
    await openLocalLogJournal({ database }).append(records);
    database.close();

    const { url } = await serve();

    while ((await total(url, "type=haproxy")) < 2) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await list(url, "type=haproxy")).toMatchObject(
      records.map(({ id }) => ({ id: eventIdOf(id), value: { ST: 200 } })).reverse(),
    );
  });

  test("keeps each line that was answered once, through kills", async () => {
    const line = (round: number, number: number) =>
      `{"id":"0123456789abcdef-${String(1000 * round + number).padStart(15, "0")}","at":"${new Date().toISOString()}","line":"no format ${round}.${number}"}\n`;
    const body = (round: number) => Array.from({ length: 500 }, (_, number) => line(round, number)).join("");
    const headers = { "content-type": "application/x-ndjson" };
    for (let round = 0; round < 3; round++) {
      const pulse = await serve();
      const sent = await fetch(`${pulse.url}/api/v1/haproxy/logs`, { method: "POST", headers, body: body(round) });
      expect(await sent.json()).toMatchObject({ accepted: 500, unparsed: 500 });
      await pulse.kill();
    }

    const { url } = await serve();
    const again = await fetch(`${url}/api/v1/haproxy/logs`, { method: "POST", headers, body: body(1) });
    const after = `after=${again.headers.get("pulse-receipt")}`;

    expect(await total(url, `type=haproxy&${after}`)).toBe(1500);
    expect(await total(url, "type=haproxy&tag=receipts:0123456789abcdef-0")).toBe(1500);
  }, 60_000);

  test("lives on after what is not HTTP, half-closed sockets, and bodies that never come", async () => {
    const { url } = await serve();
    const port = Number(new URL(url).port);
    const send = async (text: string, half: boolean): Promise<string> => {
      const socket = connectTcp({ port, host: "127.0.0.1", allowHalfOpen: true });
      let answer = "";
      socket.on("data", (chunk: Buffer) => {
        answer += chunk;
      });
      socket.on("error", () => {});
      if (half) socket.end(text);
      else socket.write(text, () => socket.destroy());
      await once(socket, "close");
      return answer;
    };

    expect(await send("what\r\n\r\n", true)).toMatch(/^HTTP\/1.1 400 [\s\S]*application\/problem\+json/);
    expect(await send("GET /api/v1/events HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n", true)).toMatch(/ 200 /);
    await send("POST /api/v1/events HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{", true);
    await send("POST /api/v1/events HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{", false);
    await send(`GET /api/v1/events?${"x".repeat(100_000)} HTTP/1.1\r\nhost: x\r\n\r\n`, true);

    expect((await post(url, { tags: ["alive"] })).status).toBe(201);
  });
});

async function freePort(): Promise<number> {
  const { createServer } = await import("node:net");
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}
