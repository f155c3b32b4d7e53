import { describe, expect, test } from "@jest/globals";
import { eventOfConnectionError, readStateLine } from "#core/haproxy/parser/state-lines.ts";

describe("what HAProxy says of its own state", () => {
  test.each([
    [
      'Server app/a1 is DOWN, reason: Layer7 wrong status, code: 503, info: "Service Unavailable", check duration: 12ms. 1 active and 2 backup servers left. 3 sessions active, 4 requeued, 5 remaining in queue.',
      {
        event: "server_down",
        b: "app",
        s: "a1",
        reason: "Layer7 wrong status",
        code: 503,
        info: "Service Unavailable",
        check_ms: 12,
        active: 1,
        backup: 2,
        sessions: 3,
        requeued: 4,
        queued: 5,
      },
    ],
    [
      "Backup Server app/a1 is UP, reason: Layer4 check passed, check duration: 0ms. 1 active and 1 backup servers online. 0 sessions requeued, 0 total in queue.",
      {
        event: "server_up",
        b: "app",
        s: "a1",
        reason: "Layer4 check passed",
        check_ms: 0,
        active: 1,
        backup: 1,
        requeued: 0,
        queued: 0,
      },
    ],
    ["Server app/a1 is UP/READY (leaving forced maintenance).", { event: "server_up", b: "app", s: "a1" }],
    ["Server app/a1 is UP (leaving forced drain).", { event: "server_state", b: "app", s: "a1" }],
    [
      "Server app/a1 ('a1.example.com') is going DOWN for maintenance (DNS NX status).",
      { event: "server_state", b: "app", s: "a1" },
    ],
    [
      "Health check for backup server app/a1 failed, reason: Layer7 timeout, check duration: 201ms, status: 1/2 UP.",
      {
        event: "health_check",
        b: "app",
        s: "a1",
        result: "failed",
        reason: "Layer7 timeout",
        check_ms: 201,
        status: "1/2 UP",
      },
    ],
    ["backend app has no server available!", { event: "backend_empty", b: "app" }],
    [
      "Proxy web stopped (cumulated conns: FE: 12, BE: 0).",
      { event: "proxy_stopped", p: "web", fe_conns: 12, be_conns: 0 },
    ],
    ["Paused frontend web.", { event: "proxy_state", p: "web" }],
    ["Connect to unix:2 (web/HTTP)", { event: "other", ci: "unix", cp: 2, f: "web", mode: "HTTP" }],
  ])("%s", (message, fields) => {
    expect(readStateLine(message)).toEqual(fields);
  });

  test("a server's answer cannot say what only HAProxy does", () => {
    const answer = 'x", check duration: 9ms, status: 9/9 UP. 9 active and 9 backup servers left. 9 sessions active';
    const message = `Health check for server app/a1 failed, reason: Layer7 wrong status, code: 500, info: "${answer}", check duration: 1ms, status: 0/2 DOWN.`;

    expect(readStateLine(message)).toMatchObject({ result: "failed", info: answer, check_ms: 1, status: "0/2 DOWN" });
  });

  test.each(["", "Server", "Server app is DOWN.", "The quick brown fox.", "Proxy web was fine."])(
    "%j is none of it",
    (message) => {
      expect(readStateLine(message)).toBeUndefined();
    },
  );

  test("a refused client certificate is an event, a failed handshake a connection error alone", () => {
    expect(eventOfConnectionError("SSL client certificate not trusted")).toBe("other");
    expect(eventOfConnectionError("Timeout during SSL handshake")).toBeUndefined();
    expect(eventOfConnectionError("Received an invalid PROXY protocol header")).toBeUndefined();
  });
});
