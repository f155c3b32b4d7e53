import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type LogRecord, type Receipt, toLogRecordLine } from "#core/haproxy/logs/log-record.ts";
import { type ServedPulse, servePulse } from "#dev/served-pulse.ts";
import { describeOpenSearch } from "#test/support/opensearch/opensearch.ts";
import { runPulse } from "#test/support/run-pulse.ts";
import { aLogLine, aReceipt, aReceiptRecord, httplogLine } from "#test/support/samples/log-records.ts";
import { temporaryFolder } from "#test/support/temporary-folder.ts";

describe("pulse haproxy verify, embedded", () => verifies(() => []));
describeOpenSearch("pulse haproxy verify, on OpenSearch", (url) => {
  verifies(() => ["--opensearch", url()]);

  test("asks OpenSearch itself, too", async () => {
    const namespace = newNamespace();
    const folder = await temporaryFolder();
    const options = ["--port", "0", "--syslog", "0", "--data", folder.path, "--namespaces", namespace];
    const pulse = await servePulse([...options, "--opensearch", url()]);
    await send(pulse, namespace, [...linesOf(1, 5).slice(1), receiptOf({ from: 1, to: 5 })]);

    const asked = ["--opensearch", url(), "--namespace", namespace, "--wait", "1"];
    const run = await runPulse(["haproxy", "verify", ...asked, "--json"]);

    await pulse.stop();
    await folder.remove();
    expect(run.code).toBe(1);
    expect(JSON.parse(run.stdout)).toMatchObject({
      complete: false,
      gateways: [{ gateway: "edge-1", spools: [{ kept: 4, missing: [{ from: 1, to: 1 }] }] }],
    });
  }, 60_000);
});

const nowIso = new Date().toISOString();
/** The node may be shared. */
function newNamespace(): string {
  return `verify-${randomUUID().slice(0, 8)}`;
}

const linesOf = (from: number, to: number): LogRecord[] =>
  Array.from({ length: to - from + 1 }, (_, index) =>
    aLogLine(from + index, httplogLine({ uri: `/${from + index}` }), { at: nowIso }),
  );

const receiptOf = (given: Partial<Receipt>): LogRecord =>
  aReceiptRecord(1, {
    at: nowIso,
    receipt: aReceipt({
      since: new Date(Date.parse(nowIso) - 60_000).toISOString(),
      until: nowIso,
      dropped: [],
      lost: 0,
      sentTo: given.to ?? 0,
      ...given,
    }),
  });

async function send({ url }: ServedPulse, namespace: string, records: readonly LogRecord[]): Promise<void> {
  const body = records.map((record) => toLogRecordLine({ ...record, namespace })).join("");
  const headers = { "content-type": "application/x-ndjson" };
  const response = await fetch(`${url}/${namespace}/api/v1/haproxy/logs`, { method: "POST", headers, body });
  expect(await response.json()).toMatchObject({ rejected: 0 });
  const receipt = response.headers.get("pulse-receipt");
  await untilReadable(`${url}/${namespace}/api/v1/events?per_page=1&after=${receipt}`);
}

/** An answer waits for some seconds only. */
async function untilReadable(query: string): Promise<void> {
  while ((await fetch(query)).status === 503);
}

function verifies(options: () => readonly string[]): void {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let pulse: ServedPulse;
  const declared = Array.from({ length: 4 }, newNamespace);
  const [complete, lossy, unreceipted, strange] = declared as [string, string, string, string];

  beforeAll(async () => {
    folder = await temporaryFolder();
    const serving = ["--port", "0", "--syslog", "0", "--data", folder.path, "--namespaces", declared.join(",")];
    pulse = await servePulse([...serving, ...options()]);
  }, 60_000);
  afterAll(async () => {
    await pulse.stop();
    await folder.remove();
  });

  const verify = (namespace: string, ...args: string[]) =>
    runPulse(["haproxy", "verify", "--url", pulse.url, "--namespace", namespace, ...args]);

  test("says that all is complete, in words, and ends with 0", async () => {
    await send(pulse, complete, [...linesOf(9_990, 10_030), receiptOf({ from: 9_990, to: 10_030, interruptions: 1 })]);

    const run = await verify(complete);

    expect(run).toMatchObject({ code: 0, stderr: "" });
    expect(run.stdout).toContain("edge-1: complete, 41 lines kept (9990–10030)");
    expect(run.stdout).toContain("the agent was ended by force 1 time");
    expect((await verify(complete, "--exact", "--gateway", "edge-1")).code).toBe(0);
  }, 60_000);

  test("names missing lines, and those that were dropped by their cause, and ends with 1", async () => {
    const lines = [...linesOf(1, 40), ...linesOf(45, 50), ...linesOf(53, 60)];
    const dropped = [{ from: 51, to: 52, cause: "kernel" }] as const;
    await send(pulse, lossy, [...lines, receiptOf({ from: 1, to: 70, sentTo: 64, dropped, lost: 2 })]);

    const run = await verify(lossy, "--wait", "1");

    expect(run).toMatchObject({ code: 1, stderr: "" });
    expect(run.stdout).toContain("edge-1: 8 lines missing, 54 lines kept (1–70)");
    expect(run.stdout).toContain("missing: 41–44, 61–64\n");
    expect(run.stdout).toContain("dropped: 2 lines, datagrams that the kernel dropped: 51–52\n");
    expect(run.stdout).toContain("not delivered yet: 6 lines: 65–70\n");
  });

  test("proves nothing without receipts, and says which gateways have lines", async () => {
    const lines = linesOf(1, 3).map((line) => ({ ...line, line: "no format at all" }) as LogRecord);
    await send(pulse, unreceipted, lines);

    const run = await verify(unreceipted, "--wait", "0");

    expect(run.code).toBe(1);
    expect(run.stdout).toContain("edge-1: 3 lines and no receipt");
    expect(run.stdout).toContain("No agent has sent a receipt of this time");
  });

  test("passes over what is tagged as a receipt and is none, and says so", async () => {
    const event = { type: "metrics", tags: ["receipts", "gateways:edge-1"], value: { incarnation: 7 } };
    await fetch(`${pulse.url}/${strange}/api/v1/events`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(event),
    });
    await send(pulse, strange, [...linesOf(1, 2), receiptOf({ from: 1, to: 2 })]);

    const run = await verify(strange);

    expect(run.code).toBe(0);
    expect(run.stderr).toContain("is no receipt: /receipt/incarnation must be");
  });
}

describe("a call of pulse haproxy verify", () => {
  test("is told all that is wrong with it, and ends with 2", async () => {
    const run = await runPulse(["haproxy", "verify", "--since", "x", "--url", "y", "--wait", "z", "--namespace", "_"]);

    expect(run.code).toBe(2);
    for (const option of ["--since", "--url", "--wait", "--namespace"]) expect(run.stderr).toContain(option);
  });

  test("sends no credentials in the clear", async () => {
    const environment = { PULSE_AUTHORIZATION: "token pulse_secret" };

    const run = await runPulse(["haproxy", "verify", "--url", "http://pulse.example.com"], { environment });

    expect(run).toMatchObject({ code: 2, stderr: expect.stringContaining("https") });
    expect(run.stderr).not.toContain("pulse_secret");
  });

  test("takes no credentials in an address", async () => {
    const run = await runPulse(["haproxy", "verify", "--url", "https://user:secret@pulse.example.com"]);

    expect(run).toMatchObject({ code: 2, stderr: expect.stringContaining("--authorization-file") });
    expect(run.stderr).not.toContain("secret");
  });

  test("of an API that is not there is told so, and ends with 1", async () => {
    const run = await runPulse(["haproxy", "verify", "--url", "http://127.0.0.1:9"]);

    expect(run.code).toBe(1);
    expect(run.stderr).toMatch(/^pulse: http:\/\/127\.0\.0\.1:9\/api\/v1 cannot be reached/);
  });

  test("shows help", async () => {
    const run = await runPulse(["haproxy", "verify", "--help"]);

    expect(run).toMatchObject({ code: 0, stdout: expect.stringContaining("Example:") });
  });
});
