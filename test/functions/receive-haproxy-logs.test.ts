import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { fromReceiptText } from "#core/events/stream/receipt.ts";
import { eventIdOf } from "#core/haproxy/logs/event-id.ts";
import type { LogJournal } from "#core/haproxy/logs/log-journal.ts";
import { type LogRecord, toLogRecordLine } from "#core/haproxy/logs/log-record.ts";
import { receiveHaproxyLogsHandler } from "#functions/receive-haproxy-logs/receive-haproxy-logs.ts";
import { type Call, invoked, type Reply, transports } from "#test/support/http/transports.ts";
import { type MemoryPulse, openMemoryPulse } from "#test/support/memory/memory-pulse.ts";
import { aLogLine, aReceiptRecord, httplogLine } from "#test/support/samples/log-records.ts";
import { parseHaproxyLine } from "#test/support/samples/parse-haproxy-line.ts";

const LOGS = "/api/v1/haproxy/logs";
const TEXT = { "content-type": "text/plain" };
const NDJSON = { "content-type": "application/x-ndjson; charset=utf-8" };
const NOW = new Date().toISOString();

const toBody = (...records: LogRecord[]): string => records.map(toLogRecordLine).join("");
const line = (number: number, text: string) => aLogLine(number, text, { at: NOW });

describe.each(transports)("POST /haproxy/logs, $name", (transport) => {
  const { open } = transport;
  let pulse: MemoryPulse;
  let opened: Awaited<ReturnType<typeof open>>;
  const post = (body: Call["body"], headers: Call["headers"] = TEXT, path = LOGS): Promise<Reply> =>
    opened.call({ method: "POST", path, headers, ...(body !== undefined && { body }) });
  const list = async (search: string, after: Reply): Promise<Record<string, unknown>[]> => {
    const path = `/api/v1/events?${search}&after=${after.headers["pulse-receipt"]}`;
    return (await opened.call({ path })).json;
  };

  beforeEach(async () => {
    pulse = openMemoryPulse({ namespaces: ["team-a"] });
    opened = await open(pulse.handlers);
  });
  afterEach(async () => {
    await opened.close();
    await pulse.close();
  });

  test("takes raw lines, each an event of its gateway, and counts them", async () => {
    const answer = await post(`${httplogLine()}\n${httplogLine({ status: 503 })}\n`, TEXT, `${LOGS}?source=edge-9`);

    expect(answer.status).toBe(200);
    expect(answer.json).toEqual({ accepted: 2, unparsed: 0, rejected: 0, items: [] });
    const found = await list("type=haproxy&tag=sources:edge-9&tag=status:5xx", answer);
    expect(found).toMatchObject([{ type: "haproxy", value: { ST: 503, source: "edge-9", zone: "UTC" } }]);
  });

  test("reads times in the zone that the query string names", async () => {
    const answer = await post(httplogLine({ date: "15/Mar/2026:12:00:00.000" }), TEXT, `${LOGS}?zone=Asia%2FTokyo`);

    expect(await list("type=haproxy", answer)).toMatchObject([
      { timestamp: "2026-03-15T03:00:00.000Z", value: { zone: "Asia/Tokyo" } },
    ]);
  });

  test("keeps a line that it cannot parse, and tells which it was, why, and its event", async () => {
    const answer = await post(`${httplogLine()}\n\nwhat is this\n`);

    expect(answer.json).toEqual({
      accepted: 2,
      unparsed: 1,
      rejected: 0,
      items: [{ line: 3, status: 201, id: expect.any(String), unparsed: "unknown-format" }],
    });
    const [event] = await list("type=haproxy&tag=format:unparsed", answer);
    expect(event).toMatchObject({
      id: answer.json.items[0].id,
      value: { line: "what is this", reason: "unknown-format" },
    });
  });

  test("takes log records; a retry of them doubles nothing", async () => {
    const records = [line(1, httplogLine()), line(2, httplogLine({ status: 404 })), aReceiptRecord(1, { at: NOW })];

    const first = await post(toBody(...records), NDJSON);
    const second = await post(toBody(...records), NDJSON);

    expect(first.json).toEqual({ accepted: 3, unparsed: 0, rejected: 0, items: [] });
    expect(second.json).toEqual(first.json);
    const found = await list("type=haproxy&type=metrics", second);
    expect(found.map(({ id }) => id).sort()).toEqual(records.map(({ id }) => eventIdOf(id)).sort());
  });

  test("keeps bytes that are not UTF-8, sent as Base64", async () => {
    const b64 = Buffer.from(httplogLine({ cookie: "SID=\xe9" }), "latin1").toString("base64");

    const answer = await post(`${JSON.stringify({ b64 })}\n`, NDJSON);

    expect(await list("type=haproxy", answer)).toMatchObject([{ value: { b64, ST: 200 } }]);
  });

  test("says of each record that is none what is wrong with it, and keeps its neighbours", async () => {
    const answer = await post(
      `{"line":"what is this"}\n{"zone":"Mars","line":1}\n{"line":"b","namespace":"team-a"}`,
      NDJSON,
    );

    expect(answer.json).toMatchObject({
      accepted: 1,
      unparsed: 1,
      rejected: 2,
      items: [
        { line: 1, status: 201 },
        {
          line: 2,
          status: 400,
          problem: { errors: [{ pointer: "/zone" }, { pointer: "/line" }] },
        },
        { line: 3, status: 400, problem: { errors: [{ pointer: "/namespace" }] } },
      ],
    });
  });

  test("puts the lines of a namespace's path there, and nowhere else", async () => {
    const answer = await post(httplogLine(), TEXT, "/team-a/api/v1/haproxy/logs");
    const { "pulse-receipt": receipt } = answer.headers;

    const found = await opened.call({ path: `/team-a/api/v1/events?type=haproxy&after=${receipt}` });

    expect(found.json).toHaveLength(1);
    expect((await opened.call({ path: "/api/v1/events?type=haproxy" })).json).toEqual([]);
    expect((await post(httplogLine(), TEXT, "/team-b/api/v1/haproxy/logs")).status).toBe(404);
  });

  test("takes a body as gzip, and refuses one that is none, or too much when it is inflated", async () => {
    const gzip = { ...TEXT, "content-encoding": "gzip" };
    const answer = await post(gzipSync(`${httplogLine()}\n`.repeat(3)), gzip);

    expect(answer.json).toEqual({ accepted: 3, unparsed: 0, rejected: 0, items: [] });
    expect((await post(Buffer.of(0x1f, 0x8b, 1, 2), gzip)).status).toBe(400);
    expect((await post(gzipSync(Buffer.alloc(64 * 1024 * 1024)), gzip)).status).toBe(413);
    expect((await post("a", { ...TEXT, "content-encoding": "br" })).status).toBe(415);
  });

  test("takes what API Gateway has inflated, with the header that it leaves; served, refuses it as API Gateway does", async () => {
    const answer = await post(httplogLine(), { ...TEXT, "content-encoding": "gzip" });
    const nothing = await post("", { ...TEXT, "content-encoding": "gzip" });

    if (transport === invoked) expect(answer.json).toMatchObject({ accepted: 1, unparsed: 0 });
    else expect(answer).toMatchObject({ status: 415, json: { detail: expect.stringContaining("says gzip") } });
    expect(nothing.status).toBe(200);
  });

  test("refuses what is no such body, with all that is wrong with its query string", async () => {
    const json = await post("{}", { "content-type": "application/json" });
    const sender = await post("a", TEXT, `${LOGS}?source=&zone=Mars`);

    expect(json).toMatchObject({ status: 415, json: { detail: expect.stringContaining("text/plain") } });
    expect(sender.status).toBe(400);
    expect(sender.json.errors.map(({ pointer }: { pointer: string }) => pointer)).toEqual(["source", "zone"]);
    expect((await post("a\n".repeat(10_001))).status).toBe(413);
    expect((await post("x".repeat(4 * 1024 * 1024 + 1))).status).toBe(413);
    expect((await opened.call({ path: LOGS })).headers.allow).toBe("POST, OPTIONS");
  });

  test("takes nothing of nothing", async () => {
    const answer = await post("\n\n");

    expect(answer.json).toEqual({ accepted: 0, unparsed: 0, rejected: 0, items: [] });
    expect(answer.headers).not.toHaveProperty("pulse-receipt");
  });

  test("answers with a receipt that names the journal of log lines", async () => {
    const answer = await post(httplogLine());

    const shards = fromReceiptText(answer.headers["pulse-receipt"] ?? "");

    expect([...shards.keys()]).toEqual([expect.stringMatching(/^haproxy-logs\//)]);
  });

  describe("whose journal does not take all", () => {
    const withJournal = async (journal: LogJournal) => {
      await opened.close();
      const parse = parseHaproxyLine;
      const handler = receiveHaproxyLogsHandler({ namespaces: [], journal, parse, now: Date.now, zone: "UTC" });
      opened = await open({ ...pulse.handlers, "receive-haproxy-logs": handler });
    };
    const notTaken = { notTaken: "the disk is full", retryAfterSeconds: 7 };
    const point = { shard: "haproxy-logs/0", seq: `${"1".padStart(56, "0")}.00000` };

    test("is told which lines to send again", async () => {
      await withJournal({ append: async () => [{ point }, notTaken] });

      const sent = JSON.stringify({ line: httplogLine() });
      const answer = await post(`${sent}\nno record\n${sent}`, NDJSON);

      expect(answer.json).toMatchObject({
        ...{ accepted: 1, unparsed: 0, rejected: 2 },
        items: [
          { line: 2, status: 400 },
          { line: 3, status: 503 },
        ],
      });
    });

    test("is answered 503 when none was taken, with the time to wait", async () => {
      await withJournal({ append: async () => [notTaken, notTaken] });

      const answer = await post("a\nb");

      expect(answer.status).toBe(503);
      expect(answer.headers["retry-after"]).toBe("7");
    });
  });
});
