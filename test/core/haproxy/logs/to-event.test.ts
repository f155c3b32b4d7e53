import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Event } from "#core/events/event.ts";
import { eventIdOf } from "#core/haproxy/logs/event-id.ts";
import { HAPROXY_FIELDS } from "#core/haproxy/logs/fields.ts";
import { lineId, receiptId, toLineBytes } from "#core/haproxy/logs/log-record.ts";
import { toRecordedEvent } from "#core/haproxy/logs/to-event.ts";
import { capturedLines } from "#test/core/haproxy/known-lines.ts";
import { aReceipt, INCARNATION } from "#test/support/samples/log-records.ts";
import { parseHaproxyLine } from "#test/support/samples/parse-haproxy-line.ts";
import { plainEvent } from "#test/support/samples/plain-event.ts";

const receivedAtMs = Date.parse("2026-11-22T05:00:00Z");

const origin = {
  id: lineId(INCARNATION, 12_345),
  at: "2026-11-22T05:00:00Z",
  namespace: "default",
  source: "edge-7",
} as const;

function eventOf(line: Uint8Array | string, zone = "UTC"): Event {
  const bytes = typeof line === "string" ? Buffer.from(line, "latin1") : line;
  const withoutLf = bytes.at(-1) === 0x0a ? bytes.subarray(0, -1) : bytes;
  return plainEvent(toRecordedEvent({ ...origin, zone, ...toLineBytes(withoutLf) }, parseHaproxyLine).event);
}

const valueIn = (event: Event): Record<string, unknown> => JSON.parse(event.value as string) as Record<string, unknown>;

/** Of whichever line of that gateway's spool. */
const ORIGIN_TAGS = ["sources", "sources:edge-7", "receipts", "receipts:0123456789abcdef-1"];

const HEADER = "<134>Nov 22 01:22:46 edge-7 haproxy[9]: ";
const LINE =
  `${HEADER}192.0.2.7:40001 [22/Nov/2026:01:22:46.321] web~ app/a1 0/1/2/3/+4 503 +77 SID=a b - SC-- 5/4/3/2/+1 7/6 ` +
  '{shop.example|} {text/html} "GET /a#22b HTTP/1.1"\n';

describe("a HAProxy line becomes an event", () => {
  test("with the gateway's, backend's and server's tags and the class of the status", () => {
    const { tags, type, namespace } = eventOf(LINE);

    expect({ type, namespace }).toEqual({ type: "haproxy", namespace: "default" });
    expect(tags).toEqual([
      "gateways",
      "gateways:web",
      "backends",
      "backends:app",
      "servers",
      "servers:app/a1",
      "status",
      "status:5xx",
      ...ORIGIN_TAGS,
    ]);
  });

  test("with HAProxy's names at the top of its value, what was made of them, and the line", () => {
    expect(valueIn(eventOf(LINE))).toEqual({
      ci: "192.0.2.7",
      cp: 40001,
      tr: "22/Nov/2026:01:22:46.321",
      ft: "web~",
      b: "app",
      s: "a1",
      TR: 0,
      Tw: 1,
      Tc: 2,
      Tr: 3,
      Ta: 4,
      Ta_plus: true,
      ST: 503,
      B: 77,
      B_plus: true,
      CC: "SID=a b",
      CS: "-",
      tsc: "SC--",
      ac: 5,
      fc: 4,
      bc: 3,
      sc: 2,
      rc: 1,
      rc_plus: true,
      sq: 7,
      bq: 6,
      hr: ["shop.example", ""],
      hs: ["text/html"],
      r: "GET /a#22b HTTP/1.1",
      format: "httplog",
      frontend: "web",
      tls: true,
      method: "GET",
      uri: '/a"b',
      version: "HTTP/1.1",
      request_headers: ["shop.example", null],
      response_headers: ["text/html"],
      logasap: true,
      redispatched: true,
      syslog: {
        pri: 134,
        facility: 16,
        severity: 6,
        timestamp: "Nov 22 01:22:46",
        hostname: "edge-7",
        tag: "haproxy",
        pid: 9,
      },
      source: "edge-7",
      zone: "UTC",
      line: LINE.slice(0, -1),
    });
  });

  test("at the instant the line names, in the gateway's zone", () => {
    expect(eventOf(LINE)).toMatchObject({ timestamp: "2026-11-22T01:22:46.321Z", receivedAtMs });
    expect(eventOf(LINE, "+02:00").timestamp).toBe("2026-11-21T23:22:46.321Z");
    expect(eventOf(LINE, "+02:00").timestampMs).toBe(Date.parse("2026-11-21T23:22:46.321Z"));
  });

  test("at the time it was received when the line names no instant", () => {
    const event = eventOf(
      "<134>Nov 22 01:22:46 edge-7 haproxy[9]: Connect from 192.0.2.7:5 to 192.0.2.1:80 (web/HTTP)",
    );

    expect(event.timestamp).toBe("2026-11-22T05:00:00.000Z");
    expect(event.tags).toEqual(["gateways", "gateways:web", ...ORIGIN_TAGS]);
  });

  test("without a server's tag where no server was asked, or a status's where none was sent", () => {
    const line = `${HEADER}192.0.2.7:1 [22/Nov/2026:01:22:46.321] web web/<NOSRV> -1/-1/-1/-1/0 -1 0 - - CR-- 1/1/0/0/0 0/0 "<BADREQ>"`;

    expect(eventOf(line).tags).toEqual(["gateways", "gateways:web", "backends", "backends:web", ...ORIGIN_TAGS]);
  });

  test("bytes that are not UTF-8 are Base64 under names of their own, so that a text field only holds text", () => {
    const value = valueIn(eventOf(LINE.replace("SID=a b", "SID=\xff").replace("/a#22b", "/caf#E9")));

    expect(value).toMatchObject({ CC_b64: "U0lEPf8=", uri_b64: "L2NhZuk=" });
    expect(value).not.toHaveProperty("CC");
    expect(value).not.toHaveProperty("uri");
    expect(value).not.toHaveProperty("line");
    expect(Buffer.from(value.b64 as string, "base64").toString("latin1")).toContain("SID=\xff");
  });

  test("the version of an HTTP/2 request is not part of its URI", () => {
    const value = valueIn(eventOf(LINE.replace("/a#22b HTTP/1.1", "https://shop.example/x HTTP/2.0")));

    expect(value).toMatchObject({ uri: "https://shop.example/x", version: "HTTP/2.0" });
  });
});

describe("a clock that tells nothing", () => {
  const printing = (date: string): Event => eventOf(LINE.replace("22/Nov/2026:01:22:46.321", date));

  test.each([
    ["ahead", "31/Dec/2099:23:59:59.999"],
    ["ahead", "23/Nov/2026:05:00:00.001"],
    ["behind", "01/Jan/1970:00:00:12.345"],
    ["behind", "21/Nov/2025:04:59:59.999"],
  ])("gives a line the time it was received, and is said to be %s: %s", (clock, date) => {
    const event = printing(date);

    expect(event.timestampMs).toBe(receivedAtMs);
    expect(valueIn(event)).toMatchObject({ clock, tr: date });
  });

  test.each(["23/Nov/2026:05:00:00.000", "21/Nov/2025:05:00:00.000"])("is none that is as near as %s", (date) => {
    const event = printing(date);

    expect(event.timestampMs).not.toBe(receivedAtMs);
    expect(valueIn(event)).not.toHaveProperty("clock");
  });

  test("never names an index: what was received at one time goes to one place, whatever the line says", () => {
    fc.assert(
      fc.property(fc.date({ min: new Date(0), max: new Date("9999-12-31"), noInvalidDate: true }), (date) => {
        const [, , month] = date.toUTCString().split(" ");
        const printed = `${date.toISOString().slice(8, 10)}/${month}/${date.toISOString().slice(0, 4)}:00:00:00.000`;

        expect(printing(printed).receivedAtMs).toBe(receivedAtMs);
      }),
    );
  });
});

describe("the event of a record", () => {
  test("is the same, however often it is made", () => {
    expect(eventOf(LINE)).toEqual(eventOf(LINE));
    expect(eventOf(LINE).id).toBe(eventIdOf(origin.id));
  });

  test("is counted in no block when its sender does not number lines", () => {
    const line = { ...origin, id: "line-1", zone: "UTC", line: LINE.slice(0, -1) };

    const { event } = toRecordedEvent(line, parseHaproxyLine);

    expect(event.tags.filter((tag) => tag.startsWith("receipts"))).toEqual([]);
  });

  test("says that its line was cut on the way", () => {
    const line = { ...origin, zone: "UTC", cut: true, line: LINE.slice(0, 90) } as const;

    const { event, unparsed } = toRecordedEvent(line, parseHaproxyLine);

    expect(unparsed).toBe("cut-on-the-way");
    expect(valueIn(event)).toMatchObject({ format: "unparsed", reason: "cut-on-the-way", truncated: true });
  });

  test("of a receipt is a measurement of its gateway, at the end of its time", () => {
    const receipt = aReceipt({ until: "2026-11-22T05:00:00.000Z" });
    const id = receiptId(INCARNATION, 1);

    const { event, unparsed } = toRecordedEvent({ ...origin, id, receipt }, parseHaproxyLine);

    expect(unparsed).toBeUndefined();
    expect(event).toMatchObject({
      id: eventIdOf(id),
      type: "metrics",
      tags: ["receipts", "gateways", "gateways:edge-7"],
      timestamp: receipt.until,
      receivedAtMs,
    });
    expect(valueIn(event)).toEqual(receipt);
  });
});

describe("a line that is no record becomes an event too", () => {
  test("that says why, holds the line, and is tagged with its host", () => {
    const event = eventOf(`${HEADER}The quick brown fox.\n`);

    expect(event.tags).toEqual(["format", "format:unparsed", "hosts", "hosts:edge-7", ...ORIGIN_TAGS]);
    expect(event.timestampMs).toBe(receivedAtMs);
    expect(valueIn(event)).toMatchObject({
      format: "unparsed",
      reason: "unknown-format",
      line: `${HEADER}The quick brown fox.`,
    });
  });
});

describe("whatever the bytes, the event can be kept", () => {
  const edited = fc
    .tuple(fc.constantFrom(...capturedLines), fc.nat(400), fc.uint8Array({ maxLength: 12 }))
    .map(([line, at, added]) => Buffer.concat([line.subarray(0, at), added, line.subarray(at)]));

  test("its tags are 1 to 512 characters, well-formed, and at least one", () => {
    fc.assert(
      fc.property(fc.oneof(edited, fc.uint8Array()), (line) => {
        const { tags } = eventOf(line);

        expect(tags.length).toBeGreaterThan(0);
        expect(tags.filter((tag) => tag.length < 1 || tag.length > 512 || !tag.isWellFormed())).toEqual([]);
      }),
      { numRuns: 500 },
    );
    expect(eventOf(LINE.replaceAll("app", "a".repeat(600))).tags).not.toContain("backends");
  });

  test("each declared field holds what its kind says", () => {
    const isOfKind = (name: string, value: unknown): boolean => {
      if (!(name in HAPROXY_FIELDS)) return true;
      const kind = HAPROXY_FIELDS[name as keyof typeof HAPROXY_FIELDS];
      const each = Array.isArray(value) ? value : [value];
      if (kind === "keyword") return each.every((one) => typeof one === "string");
      if (kind === "boolean") return typeof value === "boolean";
      if (kind === "integer") return Number.isInteger(value) && Math.abs(value as number) < 2 ** 31;
      return Number.isInteger(value);
    };

    fc.assert(
      fc.property(edited, (line) => {
        const wrong = Object.entries(valueIn(eventOf(line))).filter(([name, value]) => !isOfKind(name, value));

        expect(wrong).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });
});
