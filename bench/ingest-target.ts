import { setTimeout as sleep } from "node:timers/promises";
import type { Event } from "#core/events/event.ts";
import { toSeq } from "#core/events/event-journal.ts";
import type { ServedPulse } from "#dev/served-pulse.ts";
import { BASE_PATH } from "#functions/routes.ts";
import { toBulkLines } from "#stores/opensearch/event-document.ts";
import { DEFAULT_PREFIX, eventIndex, namespacePattern } from "#stores/opensearch/index-names.ts";
import type { OpenSearchUnderTest } from "./benched-opensearch.ts";
import { type HttpAnswer, headerOf, requestBytes, sendOnce } from "./http-connection.ts";
import { toDraftJson } from "./sample-events.ts";

/** Something events can be sent to and counted in. */
export interface IngestTarget {
  readonly name: string;
  readonly url: string;
  /** The processes that work for it on the other side, as far as they are known. */
  readonly processes: Readonly<Record<string, number | undefined>>;
  /** The request that sends one event. */
  toSingle(event: Event): Buffer;
  /** The request that sends many. */
  toBatch(events: readonly Event[]): Buffer;
  /** Whether all that was sent was taken. */
  hasTaken(answer: HttpAnswer): boolean;
  /** Resolves when so many events are searchable. */
  untilSearchable(count: number): Promise<void>;
}

/** A count costs the servers too, 10 ms and more: it is asked for often only when little is missing. */
const LOOK_AGAIN_MS = { atLast: 20, before: 300 };
const LITTLE = 0.03;
const PATIENCE_MS = 120_000;

async function untilCounted(wanted: number, count: () => Promise<number>): Promise<void> {
  const deadlineMs = Date.now() + PATIENCE_MS;
  for (let counted = await count(); counted !== wanted; counted = await count()) {
    if (counted > wanted) throw new Error(`${counted} events are searchable, only ${wanted} were sent`);
    if (Date.now() > deadlineMs) throw new Error(`${counted} of ${wanted} events are searchable after 2 minutes`);
    await sleep(wanted - counted > wanted * LITTLE ? LOOK_AGAIN_MS.before : LOOK_AGAIN_MS.atLast);
  }
}

export const pulsePath = (namespace: string, route: string): string => `/${namespace}${BASE_PATH}${route}`;

/** Pulse, over its API, with the OpenSearch behind it if there is one. */
export function pulseTarget(
  name: string,
  { url, process }: ServedPulse,
  namespace: string,
  behind?: OpenSearchUnderTest,
): IngestTarget {
  const path = pulsePath(namespace, "/events");
  let receipt = "";
  return {
    name,
    url,
    processes: { Pulse: process.pid, OpenSearch: behind?.pid },
    toSingle: (event) => requestBytes(url, "POST", path, toDraftJson(event)),
    toBatch: (events) => requestBytes(url, "POST", path, `[${events.map(toDraftJson).join(",")}]`),
    hasTaken: ({ status, head, body }) => {
      receipt = headerOf(head, "pulse-receipt") ?? "";
      return status === 201 || (status === 200 && body.includes('"rejected":0,'));
    },
    untilSearchable: (count) =>
      untilCounted(count, async () => {
        // As a caller who must see a write waits; 503 when that takes longer than 5 s.
        const after = receipt === "" ? "" : `&after=${receipt}`;
        const { status, head } = await sendOnce(url, "GET", `${path}?per_page=1${after}`, [503]);
        return status === 503 ? 0 : Number(headerOf(head, "x-total-count"));
      }),
  };
}

/** OpenSearch itself: the documents that Pulse would write, in indices of the same templates, refreshed at the end. */
export function rawTarget(name: string, { url, pid }: OpenSearchUnderTest, namespace: string): IngestTarget {
  let sent = 0;
  const indexOf = (event: Event) =>
    eventIndex(DEFAULT_PREFIX, { index: "own", period: "month" }, { ...event, namespace });
  const linesOf = (event: Event) => {
    const point = { shard: "events/raw", seq: toSeq(++sent, 0) };
    return toBulkLines(indexOf(event), { event, point }, undefined);
  };
  const pattern = namespacePattern(DEFAULT_PREFIX, namespace);
  return {
    name,
    url,
    processes: { OpenSearch: pid },
    toSingle: (event) => {
      const document = linesOf(event).split("\n")[1] as string;
      return requestBytes(url, "PUT", `/${indexOf(event)}/_create/${event.id}`, document);
    },
    toBatch: (events) => requestBytes(url, "POST", "/_bulk", events.map(linesOf).join(""), "application/x-ndjson"),
    hasTaken: ({ status, body }) => status === 201 || (status === 200 && body.includes('"errors":false')),
    untilSearchable: (count) =>
      untilCounted(count, async () => {
        await sendOnce(url, "POST", `/${pattern}/_refresh`);
        const { body } = await sendOnce(url, "GET", `/${pattern}/_count`);
        return (JSON.parse(body.toString()) as { count: number }).count;
      }),
  };
}
