import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { HaproxyRecord, ParsedLine } from "#core/haproxy/parser/record.ts";
import { capturedLines, printedField } from "#test/core/haproxy/known-lines.ts";
import { parseHaproxyLine } from "#test/support/samples/parse-haproxy-line.ts";

const context = { zone: "UTC", receivedAtMs: 0 };
const latin1 = (text: string): Uint8Array => Buffer.from(text, "latin1");
const parse = (line: string): ParsedLine => parseHaproxyLine(latin1(line), context);

function recordOf(line: string): HaproxyRecord {
  const parsed = parse(line);
  if ("rejected" in parsed) throw new Error(parsed.rejected.reason);
  return parsed.record;
}

const reasonOf = (parsed: ParsedLine): string | undefined =>
  "rejected" in parsed ? parsed.rejected.reason : undefined;

const httplog = ({ cookies = "- -", captures = "", request = "GET / HTTP/1.1" } = {}): string =>
  `192.0.2.7:40001 [22/Nov/2026:01:22:46.321] web app/a1 0/1/2/3/4 200 77 ${cookies} --VN 5/4/3/2/1 7/6${captures} "${request}"`;

const vamp = ({ CC = "-", CS = "-", rc = "0", request = "GET / HTTP/1.1" } = {}): string =>
  `{"ci":"::1","cp":40001,"t":"22/Nov/2026:01:22:46.321","ft":"g_9050~","b":"app","s":"a1","Tq":0,"Tw":1,"Tc":2,"Tr":3,"Tt":4,"ST":200,"B":77,"CC":"${CC}","CS":"${CS}","tsc":"--VN","ac":5,"fc":4,"bc":3,"sc":2,"rc":${rc},"sq":7,"bq":6,"hr":"{a|b}","hs":"","r":"${request}"}`;

describe("nothing a client sends passes for another field", () => {
  test.each([
    ["SID=a b c", "-"],
    ["SID=- ---- 9/9/9/9/9 9/9", "SID=new"],
    ['SID=x - ---- 1/1/0/0/0 0/0 {evil} {x} "GET /planted HTTP/1.1"', "-"],
    ["SID=a SID=b SID=c", "SID=new"],
    ["SID=a SID=b -", "SID=new"],
    ["SID=a SID=b", "-"],
    ["-", "SID=a b"],
    ["-", "-"],
    ["SIDx=1 y", "SIDz=2"],
    ['SID="', 'SID=",'],
  ])("request cookie %s and response cookie %s", (CC, CS) => {
    const inHttplog = recordOf(httplog({ cookies: `${CC} ${CS}`, captures: " {h|u} {t}" }));
    const inVamp = recordOf(vamp({ CC, CS }));

    expect(inHttplog.fields).toMatchObject({
      CC,
      CS,
      ST: 200,
      tsc: "--VN",
      rc: 1,
      hr: ["h", "u"],
      r: "GET / HTTP/1.1",
    });
    expect(inVamp.fields).toMatchObject({ CC, CS, ST: 200, tsc: "--VN", rc: 0, hr: ["a", "b"], hs: null });
  });

  test.each(['SID=","ST":599,"x":"', 'SID=","CS":"SID=planted","tsc":"SD--","ac":1', 'SID=\\","r":"GET /planted'])(
    "keys planted in Vamp's JSON by the cookie %s",
    (CC) => {
      const { fields } = recordOf(vamp({ CC, CS: "SID=new", rc: "+2" }));

      expect(fields).toMatchObject({ CC, CS: "SID=new", ST: 200, tsc: "--VN", ac: 5, rc: 2, rc_plus: true });
      expect(Object.keys(fields)).toHaveLength(27);
    },
  );
});

describe("what is printed comes back", () => {
  const cookieBytes = fc.string({ unit: "binary-ascii", maxLength: 60 }).map((text) => text.replace(/[\n\r\0]/g, " "));
  /** Only the last occurrence of the name can be the response cookie's: HAProxy prints it last. */
  const responseCookie = fc.oneof(
    fc.constant("-"),
    cookieBytes.filter((value) => !value.includes(" SID=") && !value.endsWith(" -")).map((value) => `SID=${value}`),
  );
  const requestCookie = fc.oneof(
    fc.constant("-"),
    cookieBytes.map((value) => `SID=${value}`),
  );
  const sent = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString("latin1"));
  const encode = (text: string, more: string): string =>
    text.replace(/./gs, (one) =>
      one < " " || one > "~" || `"#${more}`.includes(one)
        ? `#${one.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`
        : one,
    );
  const bytesOf = (text: unknown): Buffer =>
    typeof text === "string" ? Buffer.from(text) : Buffer.from((text as { b64: string }).b64, "base64");

  test("httplog, with any cookies, headers and URI", () => {
    fc.assert(
      fc.property(
        requestCookie,
        responseCookie,
        fc.array(sent, { minLength: 1, maxLength: 4 }),
        sent.map((uri) => uri.replaceAll(" ", "+")),
        fc.boolean(),
        (CC, CS, headers, uri, captures) => {
          const block = headers.map((header) => encode(header, "{|}")).join("|");
          const request = `PURGE /${encode(uri, "")} HTTP/1.0`;

          const record = recordOf(
            httplog({ cookies: `${CC} ${CS}`, captures: captures ? ` {${block}} {}` : "", request }),
          );

          expect([printedField(record, "CC"), printedField(record, "CS")]).toEqual([CC, CS]);
          expect(record.truncated).toBe(false);
          expect(record.fields).toMatchObject({ ci: "192.0.2.7", Ta: 4, B: 77, ac: 5, bq: 6, r: request });
          expect(record.decoded).toMatchObject({ method: "PURGE", version: "HTTP/1.0" });
          expect(bytesOf(record.decoded?.uri)).toEqual(latin1(`/${uri}`));
          expect(record.decoded?.request_headers?.map((header) => bytesOf(header ?? ""))).toEqual(
            captures ? headers.map(latin1) : undefined,
          );
        },
      ),
      { numRuns: 500 },
    );
  });

  test("a line that is cut anywhere never says what the whole line does not", () => {
    for (const line of capturedLines.slice(0, 40)) {
      const whole = parseHaproxyLine(line, context);
      // A line of 1024 bytes was cut before; structured data is cut in syslog.test.ts.
      if (!("record" in whole) || whole.record.truncated || whole.record.syslog.version === 1) continue;
      const all = whole.record.fields;
      // A cookie that forges the rest of a line can only be told from it by the line's end.
      if (String(all.CC).includes("planted") || String(all.CC).includes(" - ")) continue;

      for (let length = 0; length < line.length; length++) {
        const cut = parseHaproxyLine(line.subarray(0, length), context);

        if ("rejected" in cut) continue;
        expect(cut.record.truncated).toBe(true);
        expect(all).toMatchObject(cut.record.fields);
      }
    }
  });
});

describe("a line that is not HAProxy's is refused with a reason", () => {
  test.each([
    ["", "empty"],
    ["<134>Nov 22 01:22:46 gw haproxy[1]: ", "empty"],
    ["<134>Nov 22 01:22:46 gw haproxy[1]: The quick brown fox.", "unknown-format"],
    ["192.0.2.7:40001 [22/Nov/2026:01:22:46.321] web app/a1 0/1/2", "cut-before-its-format-shows"],
    ["192.0.2.7:40001 [31/Feb/2026:01:22:46.321] web app/a1 0/0/0 77 -- 1/1/0/0/0 0/0", "unknown-format"],
    [`${httplog()} 0a1b-unique-id`, "unknown-format"],
    [httplog().replace("- - ", ""), "unknown-format"],
    [httplog().replace("--VN", "-- -VN"), "unknown-format"],
    [`${vamp().slice(0, -1)},"id":7}`, "unknown-format"],
    ['{"ci":"1.2.3.4","ST":200}', "unknown-format"],
    ['{"__proto__":{"ci":1}}', "unknown-format"],
  ])("%j: %s", (line, reason) => {
    expect(reasonOf(parse(line))).toBe(reason);
  });

  test("a line that its transport cut is not taken for whole", () => {
    expect(reasonOf(parseHaproxyLine(latin1(httplog()), { ...context, cut: true }))).toBe("cut-on-the-way");
  });
});

describe("no input makes the parser throw", () => {
  test("random bytes", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => void parseHaproxyLine(bytes, context)));
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => void parseHaproxyLine(text, context)));
  });

  test("real lines with bytes changed, dropped and repeated", () => {
    const edits = fc.array(fc.tuple(fc.nat(2000), fc.nat(60), fc.uint8Array({ maxLength: 8 })), { maxLength: 4 });

    fc.assert(
      fc.property(fc.constantFrom(...capturedLines), edits, (line, changes) => {
        let bytes = Buffer.from(line);
        for (const [at, dropped, added] of changes)
          bytes = Buffer.concat([bytes.subarray(0, at), added, bytes.subarray(at + dropped)]);

        const parsed = parseHaproxyLine(bytes, context);

        expect(() => JSON.stringify(parsed)).not.toThrow();
      }),
      { numRuns: 1000 },
    );
  });
});

describe("the time to read a line grows with its length and no faster", () => {
  const [short, long] = [8_192, 65_536];
  /** Eight times the length: 8 where time is linear, 64 where it is quadratic. */
  const bound = 28;
  /** Below this, what is measured is the clock. */
  const negligibleMs = 4;

  const beginning = httplog().slice(0, httplog().indexOf("- -"));
  const vampBeginning = vamp().slice(0, vamp().indexOf('-","CS"'));
  const header = "<134>1 2026-11-22T01:22:46Z gw haproxy 41 - ";
  test.each([
    ["spaces in a cookie", beginning, "a ", ""],
    ["termination states in a cookie", beginning, " ---- 1/1/0/0/0 0/0 {", ""],
    ["requests in a cookie", beginning, ' ---- 1/1/0/0/0 0/0 "GET', ""],
    ["cookie names in a cookie", beginning, "SID= ", " - ---- 1/1/0/0/0 0/0 {"],
    ["cookies in a whole line", beginning, " SID= -", ' SID=b ---- 1/1/0/0/0 0/0 "GET / HTTP/1.1"'],
    ["keys in Vamp's cookie", vampBeginning, '","tsc":"', ""],
    ["separators in Vamp's cookie", vampBeginning, '","CS":"', '","tsc":"----","ac":'],
    ["escapes in a request", httplog().slice(0, -16), "#22", '"'],
    ["spaces in a cut request", httplog().slice(0, -16), " ", ""],
    ["structured data", `${header}[a@1`, ' a="\\""', ""],
    ["elements of structured data", header, "[a@1]", ""],
    ["an address", "", "::", ""],
    ["braces", "", "{", ""],
    ["bytes that are not UTF-8", "", "\xff", ""],
  ])("%s", (_, before, repeated, after) => {
    const lineOf = (length: number): Uint8Array =>
      latin1(before + repeated.repeat(Math.ceil(length / repeated.length)) + after);
    const [shortLine, longLine] = [lineOf(short), lineOf(long)];

    const longMs = leastCpuMs(() => parseHaproxyLine(longLine, context));
    const shortMs = leastCpuMs(() => parseHaproxyLine(shortLine, context));

    expect(longMs < negligibleMs || longMs / shortMs < bound).toBe(true);
  });
});

/** The least processor time of many runs: what others do on the machine only ever adds to it. */
function leastCpuMs(run: () => unknown): number {
  let least = Number.POSITIVE_INFINITY;
  for (let count = 0; count < 15; count++) {
    const before = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, (user + system) / 1000);
  }
  return least;
}
