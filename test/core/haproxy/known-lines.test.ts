import { isDeepStrictEqual } from "node:util";
import { describe, expect, test } from "@jest/globals";
import { parseHaproxyLine } from "#core/haproxy/parse-haproxy-line.ts";
import type { HaproxyRecord } from "#core/haproxy/record.ts";
import { goldenFiles, type KnownLine, labelledLines, printedField } from "#test/core/haproxy/known-lines.ts";

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

function recordOf(line: Uint8Array): HaproxyRecord {
  const parsed = parseHaproxyLine(line, context);
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

/** Cut before it has what tells it from httplog. */
const isCutHttpslog = ({ format, expected }: KnownLine): boolean =>
  format === "httpslog" && expected.truncated === true;

const FORMATS = ["httplog", "httpslog", "vamp-http", "vamp-tcp", "tcplog", "connerror", "default"];

for (const { name, rows } of goldenFiles)
  describe(`lines of ${name}`, () => {
    test.each(FORMATS)(
      "%s gives the whole truth of every row",
      (format) => {
        const lines = rows().filter((row) => row.format === format && !isCutHttpslog(row));
        expect(lines.length).toBeGreaterThan(0);

        const wrong = lines.flatMap((known) => {
          const record = recordOf(known.line);
          const truth = truthOf(known);
          const found = Object.fromEntries(MEMBERS.map((member) => [member, record[member]]));
          if (known.expected.truth !== undefined) truth.decoded = found.decoded;
          const isTrue = record.format === format && isDeepStrictEqual(found, truth);
          return isTrue ? [] : [{ format: record.format, found, truth }];
        });

        expect(wrong.slice(0, 5)).toEqual([]);
      },
      READING_TIMEOUT_MS,
    );

    test("a line of a format that needs a configuration is refused, never read as another", () => {
      const lines = rows().filter((row) => ["clf", "custom", "json", "error-log-format"].includes(row.format));
      expect(lines.length).toBeGreaterThan(0);

      const read = lines.filter(({ line }) => "record" in parseHaproxyLine(line, context));

      expect(read).toEqual([]);
    });
  });
