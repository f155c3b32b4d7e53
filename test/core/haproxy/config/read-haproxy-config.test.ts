import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { HaproxyConfig, LoggingProxy } from "#core/haproxy/config/haproxy-config.ts";
import { readHaproxyConfig } from "#core/haproxy/config/read-haproxy-config.ts";
import { OPTION_TEXTS } from "#core/haproxy/log-format/built-in-formats.ts";

const read = (lines: string, environment: Readonly<Record<string, string>> = {}): HaproxyConfig =>
  readHaproxyConfig(lines, (name) => environment[name]);

const proxyOf = (config: HaproxyConfig, name: string): LoggingProxy =>
  config.proxies.find((proxy) => proxy.name === name) as LoggingProxy;

const formatsOf = (config: HaproxyConfig, name: string): string[] =>
  proxyOf(config, name).formats.map(({ text }) => text);
const namesOf = (config: HaproxyConfig, name: string): string[] =>
  proxyOf(config, name).formats.map((format) => format.name);

describe("a haproxy.cfg", () => {
  test("gives each frontend what it says itself, and else what its defaults say", () => {
    const config = read(`
defaults
  mode http
  option httplog
  log 127.0.0.1:514 local0
frontend a
frontend b
  log-format "%ci %ST"
listen c
  mode tcp
  option tcplog
  no log
backend d
  log-format "%nonsense is not read here"
defaults
frontend e
`);

    expect(config.faults).toEqual([]);
    expect(config.proxies.map(({ kind, name, mode }) => [kind, name, mode])).toEqual([
      ["frontend", "a", "http"],
      ["frontend", "b", "http"],
      ["listen", "c", "tcp"],
      ["frontend", "e", "tcp"],
    ]);
    expect(namesOf(config, "a")).toEqual(["httplog"]);
    expect(formatsOf(config, "b")).toEqual(["%ci %ST"]);
    expect(namesOf(config, "c")).toEqual(["tcplog"]);
    expect(namesOf(config, "e")).toEqual(["default"]);
    expect(config.proxies.map(({ targets }) => targets.length)).toEqual([1, 1, 0, 0]);
  });

  test("has defaults by name, which can build on others", () => {
    const config = read(`
defaults base
  mode http
  option httplog
  log-tag one
defaults json from base
  log-format "{\\"ip\\":\\"%ci\\"}"
defaults
  mode http
frontend a from base
frontend b from json
frontend c
frontend d from nowhere
`);

    expect(["a", "b", "c"].map((name) => namesOf(config, name))).toEqual([["httplog"], ["json"], ["default"]]);
    expect(proxyOf(config, "b").logTag).toBe("one");
    expect(config.faults).toEqual([{ line: 13, level: "error", says: expect.stringContaining('"nowhere"') }]);
  });

  test("lets the last of several formats count", () => {
    const config = read(`
frontend a
  mode http
  option httplog
  log-format "%ci"
frontend b
  mode http
  log-format "%ci"
  option httplog clf
`);

    expect(formatsOf(config, "a")).toEqual(["%ci"]);
    expect(namesOf(config, "b")).toEqual(["clf"]);
  });

  test.each([
    ["option httplog", "httplog"],
    ["option httplog clf", "clf"],
    ["option httpslog", "httpslog"],
    ["option tcplog", "tcplog"],
    ["option tcplog clf", "tcplog-clf"],
    [`log-format "${OPTION_TEXTS.httplog}"`, "httplog"],
    [`log-format "   ${OPTION_TEXTS.tcplog.replaceAll(" ", "  ")}"`, "tcplog"],
    [`log-format ${OPTION_TEXTS.tcplog.replaceAll(" ", "\\ ")}`, "tcplog"],
    ['log-format "%ci"', "custom"],
    ['log-format "%ci" "" unread', "custom"],
    ['option httplog ""', "httplog"],
    [`log-format '{"ip":"%ci"}'`, "json"],
    ['log-format "%{+json}o %(ip)ci"', "json"],
    ['log-format "$HAPROXY_TCP_LOG_FMT"', "tcplog"],
    ['log-format "$HAPROXY_HTTP_LOG_FMT %[src]"', "custom"],
  ])("names the format of %s", (line, name) => {
    expect(namesOf(read(`frontend a\nmode http\n${line}`), "a")).toEqual([name]);
  });

  test.each(["httplog", "httpslog"])("writes tcplog for option %s in mode tcp, and remarks on it", (option) => {
    const config = read(`frontend a\n  option ${option}`);

    expect(namesOf(config, "a")).toEqual(["tcplog"]);
    expect(config.faults).toEqual([
      { line: 2, level: "remark", says: expect.stringContaining(`${option} needs mode http`) },
    ]);
  });

  test("remarks on what HAProxy knows in mode http only", () => {
    const { faults } = read('frontend a\n  log-format "%ci %HM %r"');

    expect(faults).toEqual([{ line: 2, level: "remark", says: expect.stringMatching(/a is in mode tcp.*%HM %r/) }]);
  });

  test("tells the formats of requests from those of errors and of structured data", () => {
    const config = read(`
frontend a
  mode http
  error-log-format "%ci %[fc_err]"
  log-format-sd '[id@1 ip="%ci"]'
frontend b
  mode http
  log-format "%ci %[fc_err]"
`);

    expect(config.formats.map(({ use, by, format }) => [use, by, format.name])).toEqual([
      ["log", ["a"], "default"],
      ["error", ["a"], "error-log-format"],
      ["structured-data", ["a"], "log-format-sd"],
      ["log", ["b"], "custom"],
      ["error", ["b"], "connerror"],
    ]);
  });

  test("has each format once, with all that use it", () => {
    const config = read(`
defaults
  mode http
  log-format "%ci"
frontend a
frontend b
frontend c
  log-format "%cp"
`);

    expect(config.formats.filter(({ use }) => use === "log").map(({ by }) => by)).toEqual([["a", "b"], ["c"]]);
  });

  test("knows what is captured, in the order of its places", () => {
    const config = read(`
frontend a
  mode http
  capture request header Host len 32
  capture response header Server len 20
  declare capture request len 20
  capture cookie ID= len 10
  http-request capture req.hdr(X-Id) len 16
  http-request capture path id 1
  http-request set-header X-Capture capture
  tcp-request content capture req.ssl_sni len 20
`);

    expect(proxyOf(config, "a").captures).toEqual({
      request: ["Host", "path", "req.hdr(X-Id)", "req.ssl_sni"],
      response: ["Server"],
      cookie: "ID",
    });
  });

  test("keeps a format that lists headers apart for each number of them", () => {
    const config = read(`
defaults
  mode http
  option httplog clf
frontend a
  capture request header Host len 32
frontend b
  capture request header Referer len 32
frontend c
`);

    expect(config.formats.filter(({ use }) => use === "log").map(({ by, captures }) => [by, captures])).toEqual([
      [["a", "b"], undefined],
      [["c"], { request: [], response: [] }],
    ]);
  });

  test("knows where logs go, globally and by frontend", () => {
    const config = read(`
global
  log-send-hostname gw
  log-tag gateway
  log /dev/log local0 info
frontend a
  log global
  log global
  log 10.0.0.1:514 len 8192 format rfc5424 sample 1:10 local3 notice err
  log stdout format raw profile mine daemon
`);

    expect(config).toMatchObject({ logTag: "gateway", sendsHostname: true, faults: [] });
    expect(proxyOf(config, "a").targets).toEqual([
      { address: "/dev/log", maxBytes: 1024, facility: "local0", level: "info", line: 5 },
      {
        address: "10.0.0.1:514",
        maxBytes: 8192,
        format: "rfc5424",
        sampling: "1:10",
        facility: "local3",
        level: "notice",
        minLevel: "err",
        line: 9,
      },
      { address: "stdout", maxBytes: 1024, format: "raw", profile: "mine", facility: "daemon", line: 10 },
    ]);
  });

  test("knows rings and the framing of their servers", () => {
    const { rings } = read(`
ring one
  format rfc5424
  maxlen 4096
  server a 127.0.0.1:514 log-proto octet-count
  server b 127.0.0.1:515
`);

    expect(rings).toEqual([
      {
        name: "one",
        line: 2,
        format: "rfc5424",
        maxBytes: 4096,
        servers: [
          { address: "127.0.0.1:514", framing: "octet-count" },
          { address: "127.0.0.1:515", framing: "legacy" },
        ],
      },
    ]);
  });

  test("can give formats in log-profiles", () => {
    const { formats } = read(`
log-profile mine
  on close format "%ci %ST" sd "-"
  on error format "%ci"
`);

    expect(formats.map(({ use, by, format }) => [use, by, format.text])).toEqual([
      ["log", ["log-profile mine"], "%ci %ST"],
      ["structured-data", ["log-profile mine"], "-"],
      ["error", ["log-profile mine"], "%ci"],
    ]);
  });

  test("takes variables from the environment, and from itself", () => {
    const config = read(
      `
global
  setenv MINE "%cp"
  presetenv THEIRS "%ST"
  unsetenv GONE
frontend a
  mode http
  log-format "$THEIRS $MINE \${GONE-%ts} \${.LINE}"
`,
      { THEIRS: "%ci", GONE: "%CC" },
    );

    expect(formatsOf(config, "a")).toEqual(["%ci %cp %ts 8"]);
  });

  test("remarks on a variable that is not set", () => {
    const { faults } = read('frontend a\n  log-format "%ci $NOWHERE"');

    expect(faults).toEqual([{ line: 2, level: "remark", says: expect.stringContaining("NOWHERE") }]);
  });

  describe("with conditions", () => {
    test("counts every branch that may be taken, and says so", () => {
      const config = read(`
frontend a
  mode http
  log-format "%ci"
.if version_atleast(2.9)
  log-format "%ci %ID"
.elif feature(OPENSSL)
  log-format "%ci %sslv"
.else
  log-format "%ci %cp"
.endif
`);

      expect(formatsOf(config, "a")).toEqual(["%ci", "%ci %ID", "%ci %sslv", "%ci %cp"]);
      expect(config.faults).toEqual([{ line: 5, level: "remark", says: expect.stringContaining("every branch") }]);
    });

    test("counts the branch that a number decides", () => {
      const config = read(`
frontend a
  mode http
.if 0
  log-format "%nonsense"
.elif 1
  log-format "%ci"
.else
  log-format "%cp"
.endif
.if 1
.else
.if 1
  log-format "%ST"
.endif
.endif
`);

      expect(formatsOf(config, "a")).toEqual(["%ci"]);
      expect(config.faults).toEqual([]);
    });

    test("refuses a line that is none in any branch, as HAProxy does", () => {
      expect(read(".if 0\nit's\n.endif").faults.map(({ line }) => line)).toEqual([2]);
    });

    test("names those that are not closed, or not open", () => {
      expect(read(".endif\n.else\n.if 1").faults.map(({ line }) => line)).toEqual([1, 2, 3]);
    });
  });

  test("says of each line that it cannot read why, and reads the rest", () => {
    const config = read(`
frontend
frontend a
  mode http
  log-format "%ci
  log-format %ci %cp
  log-format "%ci %foo"
  log 127.0.0.1
  log 127.0.0.1 local9
  log 127.0.0.1 len 10 local0
  log 127.0.0.1 format syslog local0
  log 127.0.0.1 local0 info err more
  option httplog classic
  log-format
  log-tag
  error-log-format "%cp"
ring r
  format syslog
`);

    expect(config.faults.map(({ line, says }) => `${line} ${says.split("\n")[0]}`)).toEqual([
      expect.stringMatching(/^2 .*name/),
      expect.stringMatching(/^5 .*quote.*column 14/),
      expect.stringMatching(/^6 .*one word.*"%cp"/),
      expect.stringMatching(/^7 .*no %foo/),
      expect.stringMatching(/^8 .*facility/),
      expect.stringMatching(/^9 .*"local9"/),
      expect.stringMatching(/^10 .*"10"/),
      expect.stringMatching(/^11 .*"syslog"/),
      expect.stringMatching(/^12 .*"more"/),
      expect.stringMatching(/^13 .*clf/),
      expect.stringMatching(/^14 .*format/),
      expect.stringMatching(/^15 .*tag/),
      expect.stringMatching(/^18 .*"syslog"/),
    ]);
    expect(config.faults.every(({ level }) => level === "error")).toBe(true);
    expect(proxyOf(config, "a").errorFormats.map(({ text }) => text)).toEqual(["%cp"]);
  });

  test("tells a fault once for each line that has it, however many frontends it is passed on to", () => {
    const { faults } = read(`
defaults
  log-format "%foo"
  option httplog clf
frontend a
frontend b
frontend c
  log-format "%foo"
frontend d
  log-format "%foo"
`);

    expect(faults.map(({ line }) => line)).toEqual([4, 8, 10]);
  });

  test("of any lines is read, with faults on lines that it has", () => {
    const words = fc.constantFrom(
      ..."global defaults frontend listen ring log-profile from log log-format option httplog clf tcplog capture request header".split(
        " ",
      ),
      ...'no mode http on close format len .if .else .endif 1 x "%ci" "%foo" "a \\ $X local0'.split(" "),
    );
    const lines = fc.array(
      fc.array(words, { maxLength: 5 }).map((line) => line.join(" ")),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(lines, (given) => {
        for (const { line } of read(given.join("\n")).faults) {
          expect(line).toBeGreaterThan(0);
          expect(line).toBeLessThanOrEqual(given.length);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe("captured configurations", () => {
  const own = new URL("../../../fixtures/haproxy/haproxy.cfg", import.meta.url);
  const shared = new URL("../../../../../shared/haproxy/haproxy.cfg", import.meta.url);

  test("the project's own names the formats of its frontends", () => {
    const config = readHaproxyConfig(readFileSync(own, "utf8"), () => "1");

    expect(config.faults).toEqual([]);
    expect(config.proxies.map(({ name, formats }) => [name, formats.map((format) => format.name)])).toEqual([
      ["shop", ["httplog"]],
      ["api", ["httplog"]],
      ["asap", ["httplog"]],
      ["short", ["httplog"]],
      ["8e2c1f_9050", ["vamp-http"]],
    ]);
    expect(proxyOf(config, "shop").captures).toEqual({
      request: ["Host", "User-Agent"],
      response: ["Content-Type"],
      cookie: "cart",
    });
  });

  // On machines that have it.
  (existsSync(shared) ? test : test.skip)("a larger one names all that it uses", () => {
    const config = readHaproxyConfig(readFileSync(shared, "utf8"));
    const used = new Set(config.formats.map(({ format }) => format.name));

    expect(config.faults).toEqual([]);
    expect([...used].sort()).toEqual(
      "clf connerror custom default error-log-format httplog httpslog json log-format-sd tcplog vamp-http vamp-tcp".split(
        " ",
      ),
    );
    expect(config.rings.map(({ name }) => name)).toEqual(["roct", "rleg"]);
  });
});
