import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { JournalEntry, JournalPoint } from "#core/events/event-journal.ts";
import { everyEvent } from "#core/events/query/event-filter.ts";
import { DEFAULT_EVENT_TYPES, type EventTypeDeclaration } from "#core/events/types/event-types.ts";
import { HAPROXY_FIELDS } from "#core/haproxy/logs/fields.ts";
import { toLineBytes } from "#core/haproxy/logs/log-record.ts";
import { toRecordedEvent } from "#core/haproxy/logs/to-event.ts";
import { request } from "#stores/opensearch/client.ts";
import { type EventDocument, fromDocument, toBulkLines } from "#stores/opensearch/event-document.ts";
import { indexTemplates } from "#stores/opensearch/index-templates.ts";
import { installTemplates } from "#stores/opensearch/install-templates.ts";
import type { OpenSearchEventStore } from "#stores/opensearch/opensearch-event-store.ts";
import { capturedLines } from "#test/core/haproxy/known-lines.ts";
import { type Isolated, isolate, isolateInstalled } from "#test/stores/opensearch/isolated-store.ts";
import { describeOpenSearch } from "#test/support/opensearch/opensearch.ts";
import { anEntry, anEvent } from "#test/support/samples/an-event.ts";
import { aLogLine } from "#test/support/samples/log-records.ts";
import { parseHaproxyLine } from "#test/support/samples/parse-haproxy-line.ts";
import { plainEvent } from "#test/support/samples/plain-event.ts";

jest.setTimeout(120_000);

const SHARD = "haproxy-logs/s";

/** What the stream of log lines hands to the store. */
const entries: readonly (JournalEntry & { readonly point: JournalPoint })[] = capturedLines.map((line, index) => {
  const { line: _, ...record } = aLogLine(index + 1, "") as { line: string } & ReturnType<typeof aLogLine>;
  const { event, shape } = toRecordedEvent({ ...record, ...toLineBytes(line) }, parseHaproxyLine);
  return { ...anEntry(event, SHARD, index + 1), ...(shape && { shape }) };
});

const documentOf = (entry: JournalEntry, fields = HAPROXY_FIELDS): EventDocument =>
  JSON.parse(toBulkLines("index", entry, fields).split("\n")[1] as string) as EventDocument;

describe("the document of a log line", () => {
  test("holds its value once, as fields, and is read back as it was", () => {
    for (const entry of entries) {
      const document = documentOf(entry);

      expect(document.value).toBeUndefined();
      expect(fromDocument("default", document)).toEqual(plainEvent(entry.event));
    }
  });

  test("holds it as text where nothing is known of it, or a field of its would be of another kind", () => {
    for (const { event, shape, point } of entries.slice(0, 50)) {
      const unknown = documentOf({ event, point });
      const misfit = documentOf({ event, point, ...(shape && { shape }) }, {
        ...HAPROXY_FIELDS,
        syslog: "keyword",
      } as never);

      expect([unknown.value, misfit.value]).toEqual([event.value, event.value]);
      expect(fromDocument("default", unknown)).toEqual(plainEvent(event));
      expect(misfit.fields).not.toHaveProperty("syslog");
    }
  });
});

describeOpenSearch("log lines in OpenSearch", (url) => {
  let isolated: Isolated;
  let store: OpenSearchEventStore;

  beforeAll(async () => {
    isolated = await isolateInstalled(url());
    store = await isolated.open();
    expect(await store.keep(entries)).toEqual(entries.map(() => ({ kept: true })));
    await store.checkpoint(SHARD, entries.at(-1)?.point.seq as string);
  });
  afterAll(() => isolated.remove());

  test("are answered as they were handed in, byte for byte", async () => {
    const { entries: read } = await store.tail(
      { ...everyEvent("default"), types: ["haproxy"] },
      { store: (await store.position()).store, shards: new Map() },
      entries.length + 1,
    );

    expect(read.map(({ event }) => event)).toEqual(entries.map(({ event }) => plainEvent(event)));
  });

  test("are found and counted by their fields, whichever way they are held", async () => {
    const again = entries.map(({ event }, index) =>
      anEntry({ ...plainEvent(event), namespace: "plain" }, "haproxy-logs/t", index + 1),
    );
    await store.keep(again);
    await store.checkpoint("haproxy-logs/t", again.at(-1)?.point.seq as string);

    const field = (name: string) => ({ kind: "declared", name }) as const;
    const asked = (namespace: string) => {
      const lines = { ...everyEvent(namespace), types: ["haproxy"] };
      const failed = { ...lines, conditions: [{ field: "ST", gte: 500 }] };
      return Promise.all([
        ...["format", "ST", "ft", "tls", "hr", "version"].map((name) =>
          store.aggregate(lines, {
            aggregator: { type: "count" },
            groupBy: { by: "field", field: field(name) },
            size: 1000,
          }),
        ),
        store.aggregate(failed, { aggregator: { type: "sum", field: field("B") }, size: 10 }),
      ]);
    };

    expect(await asked("default")).toEqual(await asked("plain"));
  });

  test("add no field to the mapping, whatever else their values hold", async () => {
    const { body } = await request<Record<string, { mappings: object }>>(isolated.client, {
      method: "GET",
      path: `/${isolated.prefix}.haproxy.default.*/_mapping`,
    });

    const names = Object.values(body).flatMap(({ mappings }) => JSON.stringify(mappings));
    expect(names.join()).toContain('"ST"');
    expect(names.join()).not.toContain("syslog");
  });

  test("are kept where a deployment declares one of their members to be of another kind", async () => {
    const haproxy = DEFAULT_EVENT_TYPES.find(({ name }) => name === "haproxy") as EventTypeDeclaration;
    const declared = {
      ...haproxy,
      fields: { ...haproxy.fields, syslog: "boolean", source: "long", line: "boolean" },
    } as const;
    const other = await isolate(url());
    const types = DEFAULT_EVENT_TYPES.map((type) => (type === haproxy ? declared : type));
    await installTemplates(other.client, indexTemplates(types, other.prefix));
    const own = await other.open({ types });
    try {
      const some = entries.slice(0, 20);

      expect(await own.keep(some)).toEqual(some.map(() => ({ kept: true })));
      await own.checkpoint(SHARD, some.at(-1)?.point.seq as string);
      expect(await own.find("default", some[3]?.event.id as string)).toEqual(some[3]?.event);
    } finally {
      await other.remove();
    }
  });

  test("are read where their documents are as they were when values were text", async () => {
    const event = anEvent({ type: "haproxy", value: '{"ST":200,"n":1e400,"a":1}' });
    await store.keep([anEntry(event, "haproxy-logs/u", 1)]);
    await store.checkpoint("haproxy-logs/u", anEntry(event, "haproxy-logs/u", 1).point.seq);

    expect(await store.find("default", event.id)).toEqual(event);
  });
});
