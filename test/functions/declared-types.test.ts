import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { APIGatewayProxyEvent, Context } from "aws-lambda";
import { systemClock } from "#core/clock.ts";
import { withDefaultTypes } from "#core/events/types/event-types.ts";
import { aggregateEventsHandler } from "#functions/aggregate-events/aggregate-events.ts";
import { queryEventsHandler } from "#functions/query-events/query-events.ts";
import { environmentOf } from "#functions/shared/deployment/environment.ts";
import { eventTypesVariable } from "#lib/event-types-variable.ts";
import { indexTemplates } from "#stores/opensearch/index-templates.ts";
import { installTemplates } from "#stores/opensearch/install-templates.ts";
import { type Isolated, isolate } from "#test/stores/opensearch/isolated-store.ts";
import { describeOpenSearch } from "#test/support/opensearch/opensearch.ts";
import { anEntry, anEvent } from "#test/support/samples/an-event.ts";

jest.setTimeout(60_000);

const PURCHASE = {
  name: "purchase",
  period: "month",
  retentionDays: 30,
  fields: { currency: "keyword", amount: "double" },
} as const;

const variables = (eventTypes: string) => ({
  PULSE_OPENSEARCH_URL: "http://127.0.0.1:9200",
  PULSE_OPENSEARCH_AUTH: "none",
  PULSE_EVENT_TYPES: eventTypes,
});

describe("types that a deployment declares", () => {
  test("reach functions by their environment, the default ones beside them", () => {
    const haproxy = { name: "haproxy", period: "day", retentionDays: 7 } as const;

    const { PULSE_EVENT_TYPES: types } = environmentOf("query-events", variables(JSON.stringify([PURCHASE, haproxy])));

    expect(types).toEqual(withDefaultTypes([PURCHASE, haproxy]));
    expect(types.filter(({ name }) => name === "haproxy")).toEqual([haproxy]);
    expect(types.some(({ name }) => name === "health")).toBe(true);
  });

  test("reach functions compressed where there are many, which takes a fifth", () => {
    const fields = Object.fromEntries(
      Array.from({ length: 300 }, (_, number) => [`req_hdr_x-field-${number}`, "keyword" as const]),
    );
    const types = [{ ...PURCHASE, fields }] as const;

    const { PULSE_EVENT_TYPES: text = "" } = eventTypesVariable(types);

    expect(text).toMatch(/^gzip:/);
    expect(text.length).toBeLessThan(3000);
    expect(environmentOf("query-events", variables(text)).PULSE_EVENT_TYPES).toEqual(withDefaultTypes(types));
  });

  test.each([
    "nonsense",
    "gzip:nonsense",
    `gzip:${gzipSync('{"name":"a"}').toString("base64")}`,
    "{}",
    '[{"name":"a b","period":"day","retentionDays":1}]',
    '[{"name":"a","period":"week","retentionDays":1}]',
    '[{"name":"a","period":"day","retentionDays":1,"fields":{"x":"text"}}]',
  ])("are refused at the start where they are not declarations: %s", (text) => {
    expect(() => environmentOf("index-events", { ...variables(text), PULSE_DEAD_LETTERS_BUCKET: "b" })).toThrow(
      /PULSE_EVENT_TYPES/,
    );
  });
});

describeOpenSearch("events of a type that a deployment declares with fields", (url) => {
  const types = withDefaultTypes([PURCHASE]);
  let isolated: Isolated;
  let ask: (path: string, query: object) => Promise<unknown>;

  beforeAll(async () => {
    isolated = await isolate(url());
    await installTemplates(isolated.client, indexTemplates(types, isolated.prefix));
    const store = await isolated.open({ types });
    const values = ['{"currency":"EUR","amount":12.5}', '{"currency":"USD","amount":4}'];
    const entries = values.map((value, index) => anEntry(anEvent({ type: "purchase", value }), "events/0", index + 1));
    await store.keep(entries);
    await store.checkpoint("events/0", entries.at(-1)?.point.seq as string);
    const reading = { namespaces: [], store, clock: systemClock };
    const handlers = {
      "/events/search": queryEventsHandler({ ...reading, viewWindowMs: 30_000 }),
      "/events/aggregate": aggregateEventsHandler(reading),
    };
    ask = async (path, query) => {
      const message = {
        httpMethod: "POST",
        path: `/api/v1${path}`,
        resource: `/api/v1${path}`,
        headers: {},
        body: JSON.stringify(query),
        requestContext: { requestId: "r" },
      } as unknown as APIGatewayProxyEvent;
      const { body } = await handlers[path as keyof typeof handlers](message, {} as Context);
      return JSON.parse(body);
    };
  });
  afterAll(() => isolated.remove());

  test("are found and added up by those fields", async () => {
    const found = await ask("/events/search", { type: "purchase", value: { currency: "EUR" } });
    const sums = await ask("/events/aggregate", {
      type: "purchase",
      aggregator: { type: "sum", field: "amount" },
      groupBy: "currency",
    });

    expect(found).toMatchObject([{ value: { currency: "EUR", amount: 12.5 } }]);
    expect(sums).toEqual({
      groups: [
        { key: "EUR", count: 1, value: 12.5 },
        { key: "USD", count: 1, value: 4 },
      ],
    });
  });
});
