import type { KinesisStreamEvent } from "aws-lambda";
import type { Clock } from "#core/clock.ts";
import type { Event } from "#core/events/event.ts";
import { type JournalPoint, toSeq } from "#core/events/event-journal.ts";
import type { TailPage } from "#core/events/event-store.ts";
import { startOfStream } from "#core/events/follow-events.ts";
import { fromJournalLine, splitRecord, toJournalLine } from "#core/events/records/journal-record.ts";
import type { Position } from "#core/events/stream/position.ts";
import { indexEventsHandler } from "#functions/index-events/index-events.ts";
import { queryEventsHandler } from "#functions/query-events/query-events.ts";
import type { StreamConsumer } from "#functions/shared/streams/stream-consumer.ts";
import { OpenSearchEventStore } from "#stores/opensearch/opensearch-event-store.ts";
import type { Send } from "#test/simulation/opensearch-client.ts";
import type { OpenSearchAnswer, OpenSearchCall, SimulatedOpenSearch } from "#test/simulation/simulated-opensearch.ts";
import { PRODUCT, type Wiring } from "#test/simulation/wiring.ts";

/** The product with one mistake in it, which the judge must notice, and by which of its sentences. */
export interface BrokenVariant {
  readonly fault: string;
  readonly wiring: Wiring;
  readonly noticed: RegExp;
}

const isEventRefresh = ({ path }: OpenSearchCall): boolean => path.startsWith("/pulse.") && path.endsWith("/_refresh");
const isBulk = ({ path, bulkBody = "" }: OpenSearchCall): boolean =>
  path === "/_bulk" && bulkBody.startsWith('{"create":{"_index":"pulse.');
const isOfCheckpoint = ({ path }: OpenSearchCall): boolean => path.startsWith("/pulse_checkpoints/_doc/");
const isTail = ({ path, body }: OpenSearchCall): boolean => path.endsWith("/_search") && "seq" in (sortOf(body) ?? {});

const sortOf = (body: object | undefined) => (body as { sort?: readonly object[] } | undefined)?.sort?.[0];

const REFRESHED: OpenSearchAnswer = { statusCode: 200, body: { _shards: { failed: 0 } } };

/** Sends something else than the adapter asked for. */
const missending = (
  fault: string,
  noticed: RegExp,
  missend: (call: OpenSearchCall, surroundings: { openSearch: SimulatedOpenSearch; clock: Clock }) => OpenSearchCall,
): BrokenVariant => ({
  fault,
  noticed,
  wiring: { ...PRODUCT, send: (send, surroundings) => (call) => send(missend(call, surroundings)) },
});

/** Reads something else than OpenSearch answered. */
const misreading = (
  fault: string,
  noticed: RegExp,
  misread: (answer: OpenSearchAnswer, call: OpenSearchCall) => OpenSearchAnswer,
): BrokenVariant => ({
  fault,
  noticed,
  wiring: { ...PRODUCT, send: (send) => async (call) => misread(await send(call), call) },
});

/** Leaves it to the bulk to make documents visible. */
const refreshingByBulk = (fault: string, refresh: "true" | "wait_for"): BrokenVariant => ({
  fault,
  noticed: /^stream .*: misses event/,
  wiring: {
    ...PRODUCT,
    send: (send) => async (call) => {
      if (isEventRefresh(call)) return REFRESHED;
      return send(isBulk(call) ? { ...call, querystring: { ...call.querystring, refresh } } : call);
    },
  },
});

/** Indexes other events than the journal holds. */
const misindexing = (
  fault: string,
  noticed: RegExp,
  misindex: (event: Event, clock: Clock) => Event,
): BrokenVariant => ({
  fault,
  noticed,
  wiring: {
    ...PRODUCT,
    indexEvents: (options, clock) => {
      const handler = indexEventsHandler(options);
      return (batch) => handler(rewritten(batch, (event) => misindex(event, clock)));
    },
  },
});

const rewritten = ({ Records: records }: KinesisStreamEvent, rewrite: (event: Event) => Event): KinesisStreamEvent => ({
  Records: records.map((record) => {
    const text = Buffer.from(record.kinesis.data, "base64").toString();
    if (!text.startsWith('{"id"')) return record;
    const lines = splitRecord(text).map((line) => toJournalLine(rewrite(fromJournalLine(line))));
    return { ...record, kinesis: { ...record.kinesis, data: Buffer.from(lines.join("")).toString("base64") } };
  }),
});

/** Answers something else to the event source mapping. */
const misanswering = (
  fault: string,
  misanswer: (answer: Awaited<ReturnType<StreamConsumer>>, batch: KinesisStreamEvent) => typeof answer,
): BrokenVariant => ({
  fault,
  noticed: /was accepted .*is lost$/,
  wiring: {
    ...PRODUCT,
    indexEvents: (options) => {
      const handler = indexEventsHandler(options);
      return async (batch) => misanswer(await handler(batch), batch);
    },
  },
});

interface Bounds {
  readonly gt?: string;
  readonly lte?: string;
}

type Filter = readonly Readonly<Record<string, Readonly<Record<string, unknown>>>>[];

const withFilter = (call: OpenSearchCall, change: (filter: Filter) => Filter): OpenSearchCall => {
  const body = call.body as { query: { bool: { filter: Filter } } };
  return {
    ...call,
    body: { ...body, query: { bool: { ...body.query.bool, filter: change(body.query.bool.filter) } } },
  };
};

/** When the last event up to there was accepted. */
function receivedUpTo(openSearch: SimulatedOpenSearch, { shard, seq }: JournalPoint): string {
  let last = "1970-01-01T00:00:00.000Z";
  for (const { document } of openSearch.eventDocuments()) {
    const source = document.source as { shard: string; seq: string; receivedAt: string };
    if (source.shard === shard && source.seq <= seq && source.receivedAt > last) last = source.receivedAt;
  }
  return last;
}

function tailingByTime(call: OpenSearchCall, openSearch: SimulatedOpenSearch): OpenSearchCall {
  if (!isTail(call)) return call;
  return withFilter(call, (filter) => {
    const shard = filter.find((clause) => "shard" in (clause.term ?? {}))?.term?.shard as string;
    return filter.map((clause) => {
      const { gt, lte } = (clause.range?.seq ?? {}) as Bounds;
      if (lte === undefined || gt === undefined) return clause;
      return { range: { receivedAt: { gt: receivedUpTo(openSearch, { shard, seq: gt }) } } };
    });
  });
}

const PERIOD = /("_index":"pulse\.([^."]+)\.[^."]+\.)[^"]+/g;

interface TypePlace {
  readonly type: string;
  readonly index: string;
  readonly declared: boolean;
}

/** Asks and tells nobody else where the events of a type go. */
function deciding(send: Send): Send {
  const places = new Map<string, TypePlace>();
  return async (call) => {
    const { path, bulkBody = "", body } = call;
    if (bulkBody.startsWith('{"create":{"_index":"pulse_types"')) {
      const created = splitRecord(bulkBody)
        .filter((_, line) => line % 2 === 1)
        .map((line) => JSON.parse(line) as TypePlace);
      for (const place of created) places.set(place.type, place);
      return { statusCode: 200, body: { items: created.map(() => ({ create: { status: 201 } })) } };
    }
    if (path === "/pulse_types/_mget") {
      const { ids } = body as { ids: readonly string[] };
      return { statusCode: 200, body: { docs: ids.map((id) => ({ _source: places.get(id) })) } };
    }
    if (path !== "/pulse_types/_search") return send(call);
    const value = [...places.values()].filter(({ index, declared }) => index === "own" && !declared).length;
    return { statusCode: 200, body: { hits: { total: { value } } } };
  };
}

/** A store whose process knows only the shards that its own search has found. */
class ForgetfulStore extends OpenSearchEventStore {
  override async tail(...[filter, after, limit, fromMs]: Parameters<OpenSearchEventStore["tail"]>): Promise<TailPage> {
    const { shards } = await this.position();
    const known: Position = { ...after, shards: new Map([...after.shards].filter(([shard]) => shards.has(shard))) };
    return super.tail(filter, known, limit, fromMs);
  }
}

export const brokenVariants: readonly BrokenVariant[] = [
  {
    fault: "moves the checkpoint before it refreshes",
    noticed: /^stream .*: misses event/,
    wiring: {
      ...PRODUCT,
      send: (send) => {
        const postponed: OpenSearchCall[] = [];
        return async (call) => {
          if (isEventRefresh(call)) {
            postponed.push(call);
            return REFRESHED;
          }
          const answer = await send(call);
          if (isOfCheckpoint(call) && call.method === "PUT")
            for (const refresh of postponed.splice(0)) await send(refresh);
          return answer;
        };
      },
    },
  },
  refreshingByBulk("lets the bulk wait for its refresh instead of asking for one", "wait_for"),
  refreshingByBulk("lets the bulk refresh instead of asking for it", "true"),
  {
    fault: "lets a checkpoint go back",
    noticed: /^the checkpoint of .* goes back/,
    wiring: {
      ...PRODUCT,
      send: (send) => async (call) => {
        if (isOfCheckpoint(call) && call.method === "GET") return { statusCode: 404, body: { found: false } };
        return send(isOfCheckpoint(call) ? { ...call, querystring: {} } : call);
      },
    },
  },
  {
    fault: "gives two streams' shards one name",
    noticed: /^stream .*: misses event/,
    wiring: {
      ...PRODUCT,
      indexEvents: (options) => {
        const handler = indexEventsHandler(options);
        const eventSourceARN = "arn:aws:kinesis:eu-central-1:000000000000:stream/events";
        return ({ Records: records }) => handler({ Records: records.map((one) => ({ ...one, eventSourceARN })) });
      },
    },
  },
  misindexing("gives events their ids where they are indexed", /is kept as .*, which nobody accepted$/, (event) => ({
    ...event,
    id: `${event.id.slice(0, 24)}${String(++idsGiven).padStart(12, "0")}`,
  })),
  misindexing("takes the time where events are indexed", /is kept twice$/, (event, clock) => ({
    ...event,
    receivedAtMs: clock.now(),
  })),
  missending("names indices by the time of indexing", /is kept twice$/, (call, { clock }) => {
    if (!isBulk(call)) return call;
    const now = new Date(clock.now()).toISOString();
    const rename = (_: string, name: string, type: string) => `${name}${now.slice(0, type === "haproxy" ? 10 : 7)}`;
    return { ...call, bulkBody: call.bulkBody?.replaceAll(PERIOD, rename) ?? "" };
  }),
  {
    fault: "decides in each process by itself where a type's events go",
    noticed: /is kept twice$/,
    wiring: { ...PRODUCT, send: deciding },
  },
  missending("tails by time instead of by place in the journal", /^stream .*: misses event/, (call, { openSearch }) =>
    tailingByTime(call, openSearch),
  ),
  missending("tails past the checkpoint", /^stream .*: got event .* twice$/, (call) =>
    isTail(call)
      ? withFilter(call, (filter) =>
          filter.map((clause) => {
            const { gt = "", lte } = (clause.range?.seq ?? {}) as Bounds;
            return lte === undefined ? clause : { range: { seq: { gt } } };
          }),
        )
      : call,
  ),
  {
    fault: "trusts an answer that misses shards",
    noticed: /^(stream|query) .*: misses event/,
    wiring: {
      ...PRODUCT,
      send: (send) => async (call) => {
        if (!call.path.endsWith("/_search")) return send(call);
        const querystring = { ...call.querystring, allow_partial_search_results: true };
        const answer = await send({ ...call, querystring });
        return { ...answer, body: { ...(answer.body as object), timed_out: false, _shards: { failed: 0 } } };
      },
    },
  },
  misreading(
    "takes a document that is there already for a failure",
    /is a dead letter, and nothing is wrong/,
    (answer) => {
      const { items } = answer.body as { items?: readonly { create: { status: number } }[] };
      if (items === undefined) return answer;
      const failure = { create: { status: 400, error: { type: "illegal_argument_exception" } } };
      return { ...answer, body: { items: items.map((item) => (item.create.status === 409 ? failure : item)) } };
    },
  ),
  misreading("believes a bulk whose items were refused", /was accepted .*is lost$/, (answer) => {
    const { items } = answer.body as { items?: readonly object[] };
    return items === undefined
      ? answer
      : { ...answer, body: { items: items.map(() => ({ create: { status: 201 } })) } };
  }),
  {
    fault: "forgets dead letters",
    noticed: /is nowhere$|^the unreadable record .* is lost$/,
    wiring: { ...PRODUCT, deadLetters: () => ({ take: async () => {} }) },
  },
  misanswering("reports success when the store is down", () => ({ batchItemFailures: [] })),
  misanswering("names the last record instead of the first unfinished one", ({ batchItemFailures }, { Records }) => ({
    batchItemFailures: batchItemFailures.map(() => ({ itemIdentifier: Records.at(-1)?.kinesis.sequenceNumber ?? "" })),
  })),
  {
    fault: "reads the position of a query after its search",
    noticed: /^query .*: misses event .* up to its position$/,
    wiring: {
      ...PRODUCT,
      queryEvents: (options) => async (message, context) => {
        const answer = await queryEventsHandler(options)(message, context);
        const later = await queryEventsHandler(options)(message, context);
        const position = later.headers?.["pulse-position"] ?? answer.headers?.["pulse-position"];
        return { ...answer, headers: { ...answer.headers, ...(position && { "pulse-position": position }) } };
      },
    },
  },
  {
    fault: "begins a stream at the present, whatever position it resumes from",
    noticed: /^stream .*: misses event/,
    wiring: { ...PRODUCT, startOfStream: (_, ...more) => startOfStream(undefined, ...more) },
  },
  {
    fault: "forgets the shards of a position that its own search has not found",
    noticed: /^stream .*: got event .* (twice|from before its start)$/,
    wiring: { ...PRODUCT, store: (client, options) => new ForgetfulStore(client, options) },
  },
  misreading("streams a shard's children beside it", /^stream .*: got event .* too late$/, (answer, { path }) => {
    const { docs } = answer.body as { docs?: readonly { _source?: object }[] };
    if (docs === undefined || !path.startsWith("/pulse_checkpoints/")) return answer;
    return { ...answer, body: { docs: docs.map((one) => ({ ...one, _source: { ...one._source, madeBy: -1 } })) } };
  }),
  {
    fault: "forgets idempotency keys",
    noticed: /was accepted under \d ids$/,
    wiring: { ...PRODUCT, intake: (intake) => ({ ...intake, keys: { claim: async (claims) => claims } }) },
  },
  {
    fault: "answers 201 for what the journal did not take",
    noticed: /was accepted, and is not in the journal/,
    wiring: {
      ...PRODUCT,
      intake: ({ journal, ...intake }) => ({
        ...intake,
        journal: {
          append: async (events) =>
            (await journal.append(events)).map((one) => ("point" in one ? one : { point: NOWHERE })),
        },
      }),
    },
  },
];

let idsGiven = 0;

const NOWHERE: JournalPoint = { shard: "events/shardId-000000000000", seq: toSeq(0, 0) };
