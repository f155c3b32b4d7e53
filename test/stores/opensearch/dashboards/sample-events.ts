import type { Event } from "#core/events/event.ts";
import { expandTags } from "#core/events/tags.ts";
import { toRecordedEvent } from "#core/haproxy/logs/to-event.ts";
import type { OpenSearchEventStore } from "#stores/opensearch/opensearch-event-store.ts";
import { anEntry, anEvent } from "#test/support/samples/an-event.ts";
import { aLogLine } from "#test/support/samples/log-records.ts";
import { parseHaproxyLine } from "#test/support/samples/parse-haproxy-line.ts";
import { plainEvent } from "#test/support/samples/plain-event.ts";

/** Vamp's gateway: its HAProxy logs the lookup name. */
export const LOOKUP_NAME = "a81c6d2f0f6d4a3b9f5ab0e6fca1b6e30c1d2e3f";

/** What is posted may name a gateway anyhow. */
export const HOSTILE_NAME = 'shop" *:(é) OR *';

const http = (frontend: string, server: string, times: string, status: number): string =>
  `<134>Mar 15 12:00:00 edge-1 haproxy[9]: 192.0.2.7:40001 [15/Mar/2026:12:00:00.321] ${frontend} app/${server} ${times} ` +
  `${status} 77 - - ---- 5/4/3/2/0 7/6 "GET /a HTTP/1.1"`;

const LINES: readonly string[] = [
  http("web", "a1", "0/1/2/3/10", 200),
  http("web", "a1", "0/1/2/3/30", 503),
  http("web", "a2", "0/1/2/3/20", 404),
  `<134>Mar 15 12:00:00 edge-1 haproxy[9]: 192.0.2.7:40001 [15/Mar/2026:12:00:00.321] tcp-in db/d1 1/2/3000 77 -- 5/4/3/2/0 7/6`,
  vampLine(200, 40),
  vampLine(502, 60),
  "<134>Mar 15 12:00:00 edge-1 haproxy[9]: what nobody knows how to read",
];

function vampLine(status: number, total: number): string {
  const fields = {
    ci: "192.0.2.9",
    cp: 4000,
    t: "15/Mar/2026:12:00:01.000",
    ft: LOOKUP_NAME,
    b: "o_1",
    s: "s1",
    Tq: 1,
    Tw: 1,
    Tc: 1,
    Tr: 1,
    Tt: total,
    ST: status,
    B: 5,
    CC: "-",
    CS: "-",
    tsc: "----",
    ac: 1,
    fc: 1,
    bc: 1,
    sc: 1,
    rc: 0,
    sq: 0,
    bq: 0,
    hr: "",
    hs: "",
    r: "GET / HTTP/1.1",
  };
  const members = Object.entries(fields).map(
    ([name, value]) => `"${name}":${name === "r" ? `"${value}"` : JSON.stringify(value)}`,
  );
  return `<134>Mar 15 12:00:01 edge-1 haproxy[9]: {${members.join(",")}}`;
}

const measured = (type: string, tags: readonly string[], value: number): Event =>
  anEvent({ type, tags: expandTags([...tags]), value: String(value) });

/** Events of each kind that dashboards show, of the namespace, readable. */
export async function keepSampleEvents(store: OpenSearchEventStore, namespace: string): Promise<void> {
  const events = [
    ...LINES.map((line, place) => toRecordedEvent(aLogLine(place + 1, line), parseHaproxyLine).event),
    anEvent({
      type: "haproxy",
      tags: expandTags([`gateways:${HOSTILE_NAME}`, "status:2xx", "servers:app/a1"]),
      value: '{"ST":200,"Tt":20}',
    }),
    measured("health", ["health", "gateway", "gateways:web"], 0),
    measured("health", ["health", "gateway", "gateways:sava/web/9050"], 1),
    measured("health", ["health", "deployment", "deployments:sava"], 1),
    measured("metrics", ["metrics:rate", "gateway", "gateways:web"], 2.5),
    anEvent({ type: "deploy", tags: ["deploy"], value: '{"seconds":3}' }),
  ];
  const entries = events.map((event, place) => anEntry({ ...plainEvent(event), namespace }, "events/0", place + 1));
  await store.keep(entries);
  await store.checkpoint("events/0", entries.at(-1)?.point.seq ?? "");
}
