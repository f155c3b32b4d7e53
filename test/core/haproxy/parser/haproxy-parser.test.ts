import { describe, expect, test } from "@jest/globals";
import { readLogFormat } from "#core/haproxy/log-format/read-log-format.ts";
import { haproxyParser, type KnownFormat } from "#core/haproxy/parser/haproxy-parser.ts";

const context = { zone: "UTC", receivedAtMs: 0 };

const TCPLOG = (frontend: string): string =>
  `192.0.2.7:40001 [22/Nov/2026:01:22:46.321] ${frontend} app/a1 0/0/5 77 -- 1/1/0/0/0 0/0`;

/** Fits what tcplog prints, and much else. */
const OPEN = "%ci:%cp [%t] %ft %b/%s %[req.hdr(user-agent)] %sq/%bq";

const known = (name: string, text: string, frontends?: readonly string[]): KnownFormat => ({
  format: readLogFormat(name, text),
  ...(frontends && { frontends }),
});

function formatOf(formats: readonly KnownFormat[], line: string): string {
  const parsed = haproxyParser({ formats })(line, context);
  return "record" in parsed ? parsed.record.format : parsed.rejected.reason;
}

describe("of several formats that a line fits", () => {
  test("that of its own frontend counts", () => {
    const formats = [
      known("open", OPEN, ["db"]),
      known("named", "%ci:%cp [%t] %ft %b/%s %Tw/%Tc/%Tt %B %ts %[src] x", ["web"]),
    ];

    expect(formatOf(formats, TCPLOG("db"))).toBe("open");
    expect(formatOf(formats, TCPLOG("other"))).toBe("tcplog");
  });

  test("the one counts that leaves clients the least room, whatever the order", () => {
    expect(formatOf([known("open", OPEN)], TCPLOG("db"))).toBe("tcplog");
  });

  test("the first that is given counts where that does not tell", () => {
    const twins = [known("first", "%b-%s"), known("second", "%f-%b")];

    expect(formatOf(twins, "app-a1")).toBe("first");
    expect(formatOf(twins.toReversed(), "app-a1")).toBe("second");
  });
});

test("one that differs from tcplog in nothing but its name is read under that", () => {
  const text = "%ci:%cp [%t] %ft %b/%s %Tw/%Tc/%Tt %B %ts %ac/%fc/%bc/%sc/%rc %sq/%bq";

  expect(formatOf([known("ours", text)], TCPLOG("db"))).toBe("ours");
});
