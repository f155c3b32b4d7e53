import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { APIGatewayProxyEvent, Context } from "aws-lambda";
import { systemClock } from "#core/clock.ts";
import type { EventStore } from "#core/events/event-store.ts";
import { withDefaultTypes } from "#core/events/types/event-types.ts";
import { fromFormatSetting, haproxyTypeOf } from "#core/haproxy/logs/known-format-settings.ts";
import type { LogRecord } from "#core/haproxy/logs/log-record.ts";
import { haproxyParser } from "#core/haproxy/parser/haproxy-parser.ts";
import { toBatch } from "#dev/journal-consumer.ts";
import { aggregateEventsHandler } from "#functions/aggregate-events/aggregate-events.ts";
import { indexHaproxyLogsHandler } from "#functions/index-haproxy-logs/index-haproxy-logs.ts";
import { queryEventsHandler } from "#functions/query-events/query-events.ts";
import { openDatabase } from "#stores/embedded/database.ts";
import { EmbeddedEventStore } from "#stores/embedded/embedded-event-store.ts";
import { request } from "#stores/opensearch/client.ts";
import { indexTemplates } from "#stores/opensearch/index-templates.ts";
import { installTemplates } from "#stores/opensearch/install-templates.ts";
import { type Isolated, isolate } from "#test/stores/opensearch/isolated-store.ts";
import { describeOpenSearch } from "#test/support/opensearch/opensearch.ts";
import { haproxyDate } from "#test/support/samples/haproxy-date.ts";
import { aLogLine, httplogLine, toMember } from "#test/support/samples/log-records.ts";

jest.setTimeout(60_000);

/** A format of the deployment's own, with a sample whose name no field can have. */
const OWN_FORMAT = fromFormatSetting({
  name: "custom",
  text: '%f %HM %Td "%[capture.req.hdr(0)]"',
  frontends: ["own"],
});
/** JSON under names of its own, where what is quoted is text. */
const JSON_FORMAT = fromFormatSetting({
  name: "json",
  text: '{"gw":"%f","code":%ST,"bytes":"%B"}',
  frontends: ["json"],
});
const FORMATS = [OWN_FORMAT, JSON_FORMAT];
const types = withDefaultTypes([haproxyTypeOf(FORMATS)]);

const NOW_MS = Date.now();

/** What a gateway's requests were: the frontend, the status, its time and bytes, and how long ago. */
const REQUESTS = [
  ...[12, 14, 19, 3, 250].map((ta, index) => ({ frontend: "shop", status: 200, ta, bytes: 100 + index, agoMs: 1_000 })),
  ...[900, 1_100].map((ta) => ({ frontend: "shop", status: 503, ta, bytes: 7, agoMs: 2_000 })),
  { frontend: "shop", status: 500, ta: 5, bytes: 7, agoMs: 600_000 },
  ...[8, 9].map((ta) => ({ frontend: "api~", status: 404, ta, bytes: 50, agoMs: 3_000 })),
];

const vampLine = (ft: string, status: number, tt: number): string =>
  `<134>Nov 22 00:00:00 gw haproxy[1]: {"ci":"192.0.2.1","cp":1,"t":"${haproxyDate(NOW_MS)}","ft":"${ft}","b":"app","s":"s1",` +
  `"Tq":0,"Tw":0,"Tc":0,"Tr":1,"Tt":${tt},"ST":${status},"B":9,"CC":"-","CS":"-","tsc":"----","ac":1,"fc":1,"bc":1,` +
  '"sc":1,"rc":+1,"sq":0,"bq":0,"hr":"","hs":"","r":"GET / HTTP/1.1"}';

const LINES = [
  ...REQUESTS.map(({ frontend, status, ta, bytes, agoMs }) =>
    httplogLine({ frontend, status, ta, bytes, date: haproxyDate(NOW_MS - agoMs) }),
  ),
  vampLine("f00d", 200, 40),
  vampLine("f00d", 502, 60),
  '<134>own PUT 31 "a.example"',
  '<134>own GET 11 "b.example"',
  '<134>{"gw":"json","code":404,"bytes":"77"}',
  `<134>what is this ${"x".repeat(3_000)}`,
];

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
const ofShop = REQUESTS.filter(({ frontend }) => frontend === "shop");

interface Ground {
  readonly store: EventStore;
  close(): Promise<void>;
}

/** Puts the lines through the function that indexes them, and asks through those that answer. */
function answersForLogs(open: () => Promise<Ground>): void {
  let ground: Ground;
  let ask: (query: object) => Promise<unknown>;
  let list: (query: object) => Promise<{ value: Record<string, unknown> }[]>;

  beforeAll(async () => {
    ground = await open();
    const { store } = ground;
    const index = indexHaproxyLogsHandler({
      store,
      deadLetters: { take: () => Promise.reject(new Error("nothing is to be put aside")) },
      parse: haproxyParser({ formats: FORMATS }),
    });
    const records = LINES.map((line, at): LogRecord => aLogLine(at + 1, line, { at: new Date(NOW_MS).toISOString() }));
    const data = [toMember(...records.slice(0, 4)), toMember(...records)];
    const batch = toBatch(
      "haproxy-logs/shardId-0",
      data.map((member, at) => ({ sequenceNumber: BigInt(at + 1), data: member, appendedAtMs: NOW_MS })),
    );
    expect(await index(batch)).toEqual({ batchItemFailures: [] });

    const reading = { namespaces: [], store, clock: systemClock, types };
    const handlers = {
      "/events/search": queryEventsHandler({ ...reading, viewWindowMs: 30_000 }),
      "/events/aggregate": aggregateEventsHandler(reading),
    };
    const call = async (path: keyof typeof handlers, query: object) => {
      const message = {
        httpMethod: "POST",
        path: `/api/v1${path}`,
        resource: `/api/v1${path}`,
        headers: {},
        body: JSON.stringify({ type: "haproxy", ...query }),
        requestContext: { requestId: "r" },
      } as unknown as APIGatewayProxyEvent;
      const { statusCode, body } = await handlers[path](message, {} as Context);
      expect({ statusCode, body }).toMatchObject({ statusCode: 200 });
      return JSON.parse(body);
    };
    ask = (query) => call("/events/aggregate", query);
    list = (query) => call("/events/search", query);
  });
  afterAll(() => ground.close());

  test("has each line once, whatever came twice", async () => {
    expect(await ask({ aggregator: { type: "count" } })).toEqual({ value: LINES.length });
    expect(await ask({ aggregator: { type: "count" }, tags: ["receipts:0123456789abcdef-0"] })).toEqual({
      value: LINES.length,
    });
  });

  test("sums up, averages and counts a gateway's fields", async () => {
    const tags = ["gateways:shop"];

    expect(await ask({ tags, aggregator: { type: "sum", field: "B" } })).toEqual({
      value: sum(ofShop.map(({ bytes }) => bytes)),
    });
    expect(await ask({ tags, aggregator: { type: "average", field: "Ta" } })).toEqual({
      value: sum(ofShop.map(({ ta }) => ta)) / ofShop.length,
    });
    expect(
      await ask({
        tags,
        aggregator: { type: "max", field: "ST" },
        timestamp: { gte: new Date(NOW_MS - 60_000).toISOString() },
      }),
    ).toEqual({
      value: 503,
    });
    expect(await ask({ tags, value: { ST: { gte: 500 } }, aggregator: { type: "count" } })).toEqual({ value: 3 });
    expect(await ask({ tags: ["gateways:f00d"], aggregator: { type: "average", field: "Tt" } })).toEqual({ value: 50 });
  });

  test("groups by gateway, status and truth, each with its own numbers", async () => {
    const byGateway = await ask({ aggregator: { type: "sum", field: "Ta" }, groupBy: "tag:gateways" });
    const byStatus = await ask({ tags: ["gateways:shop"], aggregator: { type: "count" }, groupBy: "ST" });
    const byTls = await ask({ value: { format: "httplog" }, aggregator: { type: "count" }, groupBy: "tls" });

    expect(byGateway).toEqual({
      groups: [
        { key: "gateways:shop", count: ofShop.length, value: sum(ofShop.map(({ ta }) => ta)) },
        { key: "gateways:api", count: 2, value: 17 },
        { key: "gateways:f00d", count: 2, value: 0 },
        { key: "gateways:own", count: 2, value: 0 },
        { key: "gateways:json", count: 1, value: 0 },
      ],
    });
    expect(byStatus).toEqual({
      groups: [
        { key: 200, count: 5, value: 5 },
        { key: 503, count: 2, value: 2 },
        { key: 500, count: 1, value: 1 },
      ],
    });
    expect(byTls).toEqual({
      groups: [
        { key: false, count: ofShop.length, value: ofShop.length },
        { key: true, count: 2, value: 2 },
      ],
    });
  });

  test("answers for the fields of a format of one's own, whatever HAProxy calls them", async () => {
    const found = await list({ value: { capture_req_hdr_0: "a.example" } });

    expect(found).toMatchObject([{ value: { format: "custom", HM: "PUT", Td: 31, capture_req_hdr_0: "a.example" } }]);
    expect(await ask({ tags: ["gateways:own"], aggregator: { type: "sum", field: "Td" } })).toEqual({ value: 42 });
  });

  test("answers for JSON of one's own by its names and by HAProxy's", async () => {
    const tags = ["gateways:json", "status:4xx"];

    expect(await list({ tags, value: { code: 404, bytes: "77", ST: 404 } })).toMatchObject([
      { value: { format: "json", gw: "json", code: 404, bytes: "77" } },
    ]);
    expect(await ask({ tags, aggregator: { type: "max", field: "code" } })).toEqual({ value: 404 });
  });

  test("has what could not be read, whole, with its reason", async () => {
    const found = await list({ value: { reason: "unknown-format" } });

    expect(found).toMatchObject([{ tags: expect.arrayContaining(["format:unparsed"]), value: { line: LINES.at(-1) } }]);
  });
}

describe("HAProxy's logs, embedded", () => {
  answersForLogs(async () => {
    const database = openDatabase(":memory:");
    return { store: new EmbeddedEventStore({ database, declared: types }), close: async () => database.close() };
  });
});

describeOpenSearch("HAProxy's logs, on OpenSearch", (url) => {
  let isolated: Isolated;
  answersForLogs(async () => {
    isolated = await isolate(url());
    await installTemplates(isolated.client, indexTemplates(types, isolated.prefix));
    return { store: await isolated.open({ types }), close: () => isolated.remove() };
  });

  /** The queries that the document gives to whoever reads OpenSearch without Pulse. */
  const [failures, times] = [...readDocument().matchAll(/```json\n(\{\n {2}"size": 0,.*?)```/gs)].map(([, query]) =>
    // However long the tests before have taken, it is the same half minute.
    JSON.parse((query as string).replaceAll("now-30s", `${new Date(NOW_MS).toISOString()}||-30s`)),
  );
  const search = async (body: object) => {
    const path = `/${isolated.prefix}.haproxy.default.*/_search`;
    return (await request<{ hits: object; aggregations?: object }>(isolated.client, { method: "POST", path, body }))
      .body;
  };

  test("can be read past Pulse by the documented queries, as Vamp's metrics helper asks", async () => {
    const recent = ofShop.filter(({ agoMs }) => agoMs < 30_000);

    expect(await search(failures)).toMatchObject({ hits: { total: { value: 2, relation: "eq" } } });
    expect(await search(times)).toMatchObject({
      hits: { total: { value: recent.length } },
      aggregations: { agg: { value: sum(recent.map(({ ta }) => ta)) / recent.length } },
    });
  });

  test("are found under the names of the Elastic Common Schema", async () => {
    const filter = [
      { term: { "http.request.method": "GET" } },
      { range: { "http.response.status_code": { gte: 500 } } },
      { term: { "source.ip": "192.0.2.7" } },
      { term: { "url.original": "/" } },
    ];

    const found = await search({ size: 0, query: { bool: { filter } } });

    expect(found).toMatchObject({ hits: { total: { value: 3 } } });
  });
});

function readDocument(): string {
  return readFileSync(join(import.meta.dirname, "..", "..", "docs", "haproxy.md"), "utf8");
}
