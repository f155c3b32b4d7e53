import { describe, expect, test } from "@jest/globals";
import { readSyslog } from "#core/haproxy/syslog/read-syslog.ts";

const MESSAGE = "Proxy web started.";
const named = { tag: "haproxy", pid: 41 };
const local0Info = { pri: 134, facility: 16, severity: 6 };

describe("a syslog line is a header and a message", () => {
  test.each([
    [
      "RFC 3164",
      "<134>Nov  2 01:22:46 gw-1 haproxy[41]: ",
      { ...local0Info, timestamp: "Nov  2 01:22:46", hostname: "gw-1", ...named },
    ],
    [
      "RFC 3164 from an IPv6 host",
      "<134>Nov 22 01:22:46 2001:db8::1 haproxy[41]: ",
      { ...local0Info, timestamp: "Nov 22 01:22:46", hostname: "2001:db8::1", ...named },
    ],
    [
      "RFC 3164 without a pid",
      "<134>Nov 22 01:22:46 gw-1 lb: ",
      { ...local0Info, timestamp: "Nov 22 01:22:46", hostname: "gw-1", tag: "lb", pid: null },
    ],
    [
      "local",
      "<134>Nov 22 01:22:46 haproxy[41]: ",
      { ...local0Info, timestamp: "Nov 22 01:22:46", hostname: null, ...named },
    ],
    [
      "RFC 5424",
      "<134>1 2026-11-22T01:22:46.258658+00:00 gw-1 haproxy 41 - - ",
      {
        ...local0Info,
        version: 1,
        timestamp: "2026-11-22T01:22:46.258658+00:00",
        hostname: "gw-1",
        ...named,
        msgid: null,
        sd: null,
      },
    ],
    [
      "RFC 5424 that leaves everything out",
      "<134>1 - - - - - - ",
      { ...local0Info, version: 1, timestamp: null, hostname: null, tag: null, pid: null, msgid: null, sd: null },
    ],
    [
      "RFC 5424 with structured data",
      '<134>1 2026-11-22T01:22:46Z gw-1 haproxy 41 req [a@1 x="1" y="q\\"\\\\\\]"][b@1] ',
      {
        ...local0Info,
        version: 1,
        timestamp: "2026-11-22T01:22:46Z",
        hostname: "gw-1",
        ...named,
        msgid: "req",
        sd: { "a@1": { x: "1", y: 'q"\\]' }, "b@1": {} },
      },
    ],
    ["short", "<6>", { pri: 6, severity: 6 }],
    [
      "timed",
      "<6>2026-11-22T01:23:31.182388+00:00 ",
      { pri: 6, severity: 6, timestamp: "2026-11-22T01:23:31.182388+00:00" },
    ],
    ["iso", "2026-11-22T01:23:31.182388+00:00 ", { timestamp: "2026-11-22T01:23:31.182388+00:00" }],
    ["priority", "<134>", local0Info],
    ["raw", "", {}],
  ])("%s", (_, header, syslog) => {
    expect(readSyslog(header + MESSAGE)).toEqual({ syslog, message: MESSAGE });
  });

  test("a message that looks like a tag does not make the tag a host", () => {
    const line = "<134>Nov 22 01:22:46 haproxy[41]: 127.0.0.1:5 [22/Nov/2026:01:23:19.427] web/tls: Timeout";

    const { syslog, message } = readSyslog(line);

    expect(syslog).toMatchObject({ hostname: null, tag: "haproxy" });
    expect(message).toBe("127.0.0.1:5 [22/Nov/2026:01:23:19.427] web/tls: Timeout");
  });

  test("says when a line was cut within its structured data", () => {
    const { syslog, message } = readSyslog('<134>1 2026-11-22T01:22:46Z gw-1 haproxy 41 - [a@1 x="1" y="unfini');

    expect(syslog).toMatchObject({ sd_truncated: true, hostname: "gw-1" });
    expect(message).toBe("");
  });

  test("a parameter named __proto__ is a parameter like any other", () => {
    const { syslog } = readSyslog('<134>1 - - - - - [__proto__ __proto__="x"] m');

    expect(JSON.stringify(syslog.sd)).toBe('{"__proto__":{"__proto__":"x"}}');
  });
});
