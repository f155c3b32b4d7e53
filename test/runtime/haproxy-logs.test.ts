import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { eventIdOf } from "#core/haproxy/logs/event-id.ts";
import { type LogRecord, toLogRecordLine } from "#core/haproxy/logs/log-record.ts";
import { type DeployedPulse, deployPulse } from "#test/runtime/deployed-pulse.ts";
import { type Fault, type FaultyProxy, openFaultyProxy, type SeenRequest } from "#test/support/http/faulty-proxy.ts";
import type { Reply } from "#test/support/http/transports.ts";
import { describeOpenSearch } from "#test/support/opensearch/opensearch.ts";
import { aLogLine, aReceiptRecord, httplogLine } from "#test/support/samples/log-records.ts";

describeOpenSearch("the built functions for log lines", (openSearch) => {
  let proxy: FaultyProxy;
  let pulse: DeployedPulse;
  /** What goes wrong between index-haproxy-logs and OpenSearch. */
  let faultOf: (request: SeenRequest) => Fault | undefined = () => undefined;

  beforeAll(async () => {
    proxy = await openFaultyProxy(openSearch(), (request) => faultOf(request));
    pulse = await deployPulse({ openSearch: openSearch(), openSearchOfIndexing: proxy.url, shards: 2 });
    pulse.startIndexingLogs();
  }, 60_000);
  afterAll(async () => {
    await pulse.close();
    await proxy.close();
  });

  const origin = () => ({ at: new Date().toISOString(), namespace: pulse.namespace });
  const post = (...records: readonly LogRecord[]): Promise<Reply> =>
    pulse.call({
      method: "POST",
      path: "/haproxy/logs",
      headers: { "content-type": "application/x-ndjson", "content-encoding": "gzip" },
      body: gzipSync(records.map(toLogRecordLine).join("")),
    });
  /** Every line's event, once what was posted last can be read. */
  const readLines = ({ headers }: Reply) => pulse.read("sources", headers["pulse-receipt"] ?? "", "haproxy");

  test("make an event of each line, also of one that nobody can parse, and of a receipt; a retry adds nothing", async () => {
    const records = [
      aLogLine(1, httplogLine({ status: 503 }), origin()),
      aLogLine(2, "<134>what is this", origin()),
      aReceiptRecord(1, origin()),
    ];

    await post(...records);
    const answer = await post(...records);
    const found = await readLines(answer);
    const receipts = await pulse.call({ path: "/events?type=metrics&tag=receipts" });

    expect(answer.json).toMatchObject({ accepted: 3, unparsed: 1, rejected: 0, items: [{ line: 2 }] });
    expect(found.map(({ id }) => id).sort()).toEqual(records.slice(0, 2).map(({ id }) => eventIdOf(id)));
    expect(receipts.json).toMatchObject([{ id: eventIdOf(records[2]?.id ?? ""), value: { sentTo: 10 } }]);
    expect(pulse.indexHaproxyLogs.log()).toMatch(/"LogLines":\d+,"LinesUnparsed":\d+,"LineLag":\d+/);
    expect(pulse.indexingErrors).toEqual([]);
  }, 60_000);

  test("keep each line once when the consumer is killed after it has written, and before it could say so", async () => {
    const records = Array.from({ length: 300 }, (_, index) =>
      aLogLine(1_000 + index, httplogLine({ uri: `/${index}` }), origin()),
    );
    let kills = 2;
    faultOf = ({ path }) => {
      if (!path.startsWith("/_bulk") || kills === 0) return undefined;
      kills--;
      void pulse.indexHaproxyLogs.kill();
      return { kind: "lost-answer" };
    };

    const answer = await post(...records);
    const found = await readLines(answer);

    const wanted = new Set(records.map(({ id }) => eventIdOf(id)));
    expect(kills).toBe(0);
    expect(found.filter(({ id }) => wanted.has(id))).toHaveLength(300);
  }, 60_000);
});
