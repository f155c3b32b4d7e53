import { isDeepStrictEqual } from "node:util";
import { describe, expect, test } from "@jest/globals";
import { haproxyParser, type LineParser } from "#core/haproxy/parser/haproxy-parser.ts";
import type { HaproxyRecord } from "#core/haproxy/parser/record.ts";
import { once } from "#core/once.ts";
import {
  goldenFiles,
  goldenFormats,
  type KnownLine,
  labelledLines,
  printedField,
} from "#test/core/haproxy/known-lines.ts";
import { parseHaproxyLine } from "#test/support/samples/parse-haproxy-line.ts";

/** The larger file holds 32,702 lines. */
const READING_TIMEOUT_MS = 120_000;

const context = { zone: "UTC", receivedAtMs: 0 };

/** Members of a row that say what the record must be; the others are about how the label was made. */
const MEMBERS = [
  "syslog",
  "message",
  "truncated",
  "fields",
  "partial",
  "time_ms",
  "frontend",
  "tls",
  "redispatched",
  "logasap",
  "decoded",
] as const;

function recordOf(line: Uint8Array, parse: LineParser = parseHaproxyLine): HaproxyRecord {
  const parsed = parse(line, context);
  if ("rejected" in parsed) throw new Error(`${parsed.rejected.reason}: ${JSON.stringify(parsed.rejected.message)}`);
  return parsed.record;
}

/** Labels without the hex twin of a header could not decode it: such rows say nothing of `decoded`. */
function truthOf({ expected }: KnownLine): Record<string, unknown> {
  const { uri_checked_by_hex, ...decoded } = (expected.decoded ?? {}) as Record<string, unknown>;
  const truth: Record<string, unknown> = {};
  for (const member of MEMBERS) truth[member] = expected[member];
  truth.decoded = expected.decoded === undefined ? undefined : decoded;
  return truth;
}

describe("lines captured by the project (test/fixtures/haproxy)", () => {
  test.each(["httplog", "vamp-http"])("%s gives every field as HAProxy printed it", (format) => {
    const lines = labelledLines.filter((line) => line.format === format);
    expect(lines.length).toBeGreaterThan(60);

    for (const { line, printed } of lines) {
      const record = recordOf(line);

      const names = Object.keys(record.fields).filter((name) => !name.endsWith("_plus"));
      expect(record.format).toBe(format);
      expect(Object.fromEntries(names.map((name) => [name, printedField(record, name)]))).toEqual(
        Object.fromEntries(names.map((name) => [name, printed[name]])),
      );
      // `{..}` is not printed for a request that was refused before it was read, nor where nothing is captured.
      const captures = format === "httplog" && printed.hr !== "" ? 2 : 0;
      expect(names).toHaveLength((format === "httplog" ? 24 : 26) + captures);
    }
  });
});

/** Formats that are known without a configuration, and those that are not. */
const KNOWN_FORMATS = [
  "httplog",
  "httpslog",
  "vamp-http",
  "vamp-tcp",
  "tcplog",
  "connerror",
  "default",
  "error-log-format",
];
const ALL_FORMATS = [...KNOWN_FORMATS, "clf", "json", "custom", "admin"];
const ONLY_IN_FULL = ["sd-truncated"];

/** A record has these only where the line says so, and labels name them wherever it does. */
const RARE_MEMBERS = ["partial", "redispatched", "logasap"] as const;

/** What the label says of the line, and what the record says of the same. */
function truthAndFinding(known: KnownLine, record: HaproxyRecord): { truth: unknown; found: unknown } {
  const truth = truthOf(known);
  const found: Record<string, unknown> = {};
  for (const member of MEMBERS) {
    const isLabelled = truth[member] !== undefined || RARE_MEMBERS.some((rare) => rare === member);
    if (isLabelled) found[member] = record[member];
    else delete truth[member];
  }
  // Some labels name only a part: of the request, of what HAProxy says of itself, of a format that came from elsewhere.
  if (known.format === "custom" && truth.decoded !== undefined)
    found.decoded = { request_headers: record.decoded?.request_headers };
  if (known.format === "admin") found.fields = sharedFields(truth.fields, record.fields);
  if (known.format === "error-log-format") {
    truth.fields = sharedFields(record.fields, truth.fields);
    found.fields = sharedFields(truth.fields, { ...record.fields, ssl_c_err: String(record.fields.ssl_c_err) });
  }
  return { truth, found };
}

/** Those of the fields that the other has too. */
const sharedFields = (names: unknown, fields: unknown): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields as object).filter(([name]) => Object.hasOwn(names as object, name)));

for (const { name, rows } of goldenFiles)
  describe(`lines of ${name}`, () => {
    const withConfiguration = once(() => haproxyParser({ formats: goldenFormats() }));

    test.each(name === "golden.jsonl" ? ALL_FORMATS : [...ALL_FORMATS, ...ONLY_IN_FULL])(
      "%s gives the whole truth of every row",
      (format) => {
        const lines = rows().filter((row) => row.format === format);
        expect(lines.length).toBeGreaterThan(0);

        const wrong = lines.flatMap((known) => {
          const { truth, found } = truthAndFinding(known, recordOf(known.line, withConfiguration()));
          return isDeepStrictEqual(found, truth) ? [] : [{ found, truth }];
        });

        expect(wrong.slice(0, 5)).toEqual([]);
      },
      READING_TIMEOUT_MS,
    );

    test.each(KNOWN_FORMATS)(
      "%s, whole, gives the same without a configuration",
      (format) => {
        const lines = rows().filter((row) => row.format === format && row.expected.truncated !== true);

        const wrong = lines.filter(
          ({ line }) => !isDeepStrictEqual(recordOf(line), recordOf(line, withConfiguration())),
        );

        expect(wrong.slice(0, 5)).toEqual([]);
      },
      READING_TIMEOUT_MS,
    );

    test("a line of a format that needs a configuration is refused without, never read as another", () => {
      const lines = rows().filter((row) => ["custom", "json"].includes(row.format));
      expect(lines.length).toBeGreaterThan(0);

      const read = lines.filter(({ line }) => "record" in parseHaproxyLine(line, context));

      expect(read).toEqual([]);
    });
  });
