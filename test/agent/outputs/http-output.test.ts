import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, test } from "@jest/globals";
import { openHttpOutput } from "#agent/outputs/http-output.ts";
import type { Output } from "#agent/outputs/output.ts";
import type { Block } from "#agent/spool/block.ts";
import { beginLedger } from "#agent/spool/ledger.ts";
import { lineId, toLogRecordLine } from "#core/haproxy/logs/log-record.ts";
import {
  type Answer,
  type LogReceiver,
  linesOf,
  openLogReceiver,
  type ReceivedRequest,
} from "#test/agent/log-receiver.ts";

const opened: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

async function openPair(
  answerTo?: (request: ReceivedRequest) => Answer | undefined,
  authorization = (): string | undefined => undefined,
): Promise<{ output: Output; receiver: LogReceiver }> {
  const receiver = await openLogReceiver(answerTo);
  const url = new URL("/api/v1/haproxy/logs", receiver.url);
  const output = openHttpOutput({ url, authorization, timeoutMs: 2_000 });
  opened.push(
    () => receiver.close(),
    () => output.close(),
  );
  return { output, receiver };
}

const incarnation = "0123456789abcdef";
function aBlock(from: number, texts: readonly string[]): Block {
  const raw = texts
    .map((line, index) => {
      const id = lineId(incarnation, from + index);
      const at = "2026-11-22T13:00:00.000Z";
      return toLogRecordLine({ id, at, namespace: "default", source: "edge-1", zone: "UTC", line });
    })
    .join("");
  const ledger = beginLedger({ namespace: "default", boot: "boot", nowMs: 0 });
  const lines = texts.length;
  return {
    header: { incarnation, from, lines, records: lines, rawBytes: raw.length, atMs: 0, ledger },
    body: gzipSync(raw),
  };
}

describe("an API as an agent sees it", () => {
  test("gets blocks as they are, in one compressed request", async () => {
    const { output, receiver } = await openPair(undefined, () => "token secret");

    const outcomes = await output.send([aBlock(1, ["a", "b"]), aBlock(3, ["c"])]);

    expect(outcomes).toEqual([{ kind: "delivered" }, { kind: "delivered" }]);
    expect(linesOf(receiver.records.values())).toEqual(["a", "b", "c"]);
    expect(
      receiver.requests.map(({ path, headers }) => [path, headers["content-type"], headers.authorization]),
    ).toEqual([["/api/v1/haproxy/logs", "application/x-ndjson", "token secret"]]);
  });

  test("is asked with the credentials of the moment", async () => {
    let token = "Bearer one";
    const { output, receiver } = await openPair(undefined, () => token);

    await output.send([aBlock(1, ["a"])]);
    token = "Bearer two";
    await output.send([aBlock(2, ["b"])]);

    expect(receiver.requests.map(({ headers }) => headers.authorization)).toEqual(["Bearer one", "Bearer two"]);
  });

  test.each<[string, Answer, object]>([
    [
      "is overloaded",
      { status: 503, headers: { "retry-after": "7" } },
      { kind: "failed", reason: "it answered 503", retryAfterMs: 7000 },
    ],
    ["lets nobody in", { status: 401 }, { kind: "failed", reason: "it answered 401" }],
    [
      "has not this namespace",
      { status: 404, body: '{"detail":"there is no namespace \\"nope\\""}' },
      { kind: "failed", reason: 'it answered 404: there is no namespace "nope"' },
    ],
    ["is hidden by a proxy", { status: 502, body: "<html>" }, { kind: "failed", reason: "it answered 502" }],
    [
      "is something else",
      { status: 200, body: "<html>" },
      { kind: "failed", reason: "it answered 200 without saying what of each line" },
    ],
    [
      "did not take all",
      { status: 200, body: '{"items":[{"line":1,"status":503}]}' },
      { kind: "failed", reason: "it did not take every line" },
    ],
    [
      "refuses the body",
      { status: 413, body: '{"detail":"too large"}' },
      { kind: "refused", reason: "it answered 413: too large" },
    ],
    ["ends without an answer", "lost", { kind: "failed", reason: "ECONNRESET: socket hang up" }],
  ])("%s", async (_, answer, outcome) => {
    const { output } = await openPair(() => answer);

    expect(await output.send([aBlock(1, ["a"]), aBlock(2, ["b"])])).toEqual([outcome, outcome]);
  });

  test("names lines by their place in the request", async () => {
    const items = [
      { line: 2, status: 400, problem: { detail: "no" } },
      { line: 3, status: 201, unparsed: "unknown-format" },
      { line: 4, status: 413 },
    ];
    const { output } = await openPair(() => ({ status: 200, body: JSON.stringify({ items }) }));

    expect(await output.send([aBlock(1, ["a", "b"]), aBlock(3, ["c"]), aBlock(4, ["d"])])).toEqual([
      { kind: "delivered", refused: [{ place: 1, reason: "no" }] },
      { kind: "delivered" },
      { kind: "delivered", refused: [{ place: 0, reason: "it answered 413" }] },
    ]);
  });

  test("that nobody runs is a failure that may pass", async () => {
    const { output, receiver } = await openPair();
    await receiver.close();

    expect(await output.send([aBlock(1, ["a"])])).toEqual([
      { kind: "failed", reason: expect.stringContaining("ECONNREFUSED") },
    ]);
  });

  test("whose credentials cannot be read is not asked", async () => {
    const { output, receiver } = await openPair(undefined, () => {
      throw new Error("no such file");
    });

    expect(await output.send([aBlock(1, ["a"])])).toEqual([{ kind: "failed", reason: "no such file" }]);
    expect(receiver.requests).toEqual([]);
  });
});
