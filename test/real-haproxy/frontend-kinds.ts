import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { sendOn } from "./haproxy.ts";

/** Where a frontend listens. */
export interface Place {
  readonly port: number;
  readonly folder: string;
}

/** A way in which a frontend can be set up and reached: what it prints depends on it. */
export interface FrontendKind {
  readonly mode: "http" | "tcp";
  bind(place: Place): string;
  /** Of its section, besides its format. */
  readonly lines: readonly string[];
  send(place: Place, request: string, patienceMs: number): Promise<void>;
}

/** TLS lets clients ask for any. */
const HOSTILE_SERVER_NAME = 'a b"/TLSv1.3 x';

const overTcp = {
  bind: ({ port }: Place) => `127.0.0.1:${port}`,
  send: ({ port }: Place, request: string, patienceMs: number) =>
    sendOn(connect(port, "127.0.0.1"), request, patienceMs),
};
const overTls = {
  bind: ({ port, folder }: Place) => `127.0.0.1:${port} ssl crt ${certificateIn(folder)} alpn http/1.1`,
  send: ({ port }: Place, request: string, patienceMs: number) => {
    const servername = request.includes("User-Agent") ? "a.example" : HOSTILE_SERVER_NAME;
    return sendOn(connectTls({ port, host: "127.0.0.1", rejectUnauthorized: false, servername }), request, patienceMs);
  },
};
const overIpv6 = {
  bind: ({ port }: Place) => `[::1]:${port}`,
  send: ({ port }: Place, request: string, patienceMs: number) => sendOn(connect(port, "::1"), request, patienceMs),
};
const overUnix = {
  bind: (place: Place) => `unix@${socketOf(place)}`,
  send: (place: Place, request: string, patienceMs: number) => sendOn(connect(socketOf(place)), request, patienceMs),
};
const overHttp2 = { bind: ({ port }: Place) => `127.0.0.1:${port} proto h2`, send: sendHttp2 };

export const certificateIn = (folder: string): string => join(folder, "loopback.pem");
const socketOf = ({ folder, port }: Place): string => join(folder, `${port}.sock`);

const CAPTURES = [
  "capture request header Host len 32",
  "capture request header User-Agent len 128",
  "capture response header Server len 24",
  "capture cookie SID= len 60",
  "http-request set-var(txn.ck) req.cook(SID)",
];
const MANY_CAPTURES = [
  "capture request header Content-Length len 8",
  "capture request header Cookie len 40",
  "capture response header Content-Type len 24",
  "capture response header Set-Cookie len 40",
];

export const FRONTEND_KINDS = {
  usual: { mode: "http", ...overTcp, lines: [...CAPTURES, "default_backend be_1"] },
  "without captures": { mode: "http", ...overTcp, lines: ["option logasap", "default_backend be_1"] },
  "with many captures": {
    mode: "http",
    ...overTcp,
    lines: [...CAPTURES, ...MANY_CAPTURES, "default_backend be_queue"],
  },
  "over TLS": { mode: "http", ...overTls, lines: [...CAPTURES, "default_backend be_1"] },
  "over HTTP/2": { mode: "http", ...overHttp2, lines: [...CAPTURES, "default_backend be_1"] },
  "over IPv6": { mode: "http", ...overIpv6, lines: [...CAPTURES, "default_backend be_dead"] },
  "over a Unix socket": { mode: "http", ...overUnix, lines: [...CAPTURES, "default_backend be_1"] },
  "of connections": { mode: "tcp", ...overTcp, lines: ["default_backend be_tcp"] },
  "of connections over IPv6": { mode: "tcp", ...overIpv6, lines: ["option logasap", "default_backend be_tcp_dead"] },
} as const satisfies Readonly<Record<string, FrontendKind>>;

/** The backends that frontends of these kinds name. */
export const backendsOf = (port: number): string => `
backend be_1
  mode http
  server s-1 127.0.0.1:${port}
  server s2 127.0.0.1:${port}

backend be_queue
  mode http
  server q1 127.0.0.1:${port} maxconn 2

backend be_dead
  mode http
  option redispatch
  retries 1
  timeout connect 50ms
  server dead 127.0.0.1:1
  server s-1 127.0.0.1:${port}

backend be_tcp
  mode tcp
  server t.1 127.0.0.1:${port}

backend be_tcp_dead
  mode tcp
  option redispatch
  retries 1
  timeout connect 50ms
  server dead 127.0.0.1:1
  server t.1 127.0.0.1:${port}
`;

/** The same request in HTTP/2, as far as it is one; what is none is sent as it is. */
async function sendHttp2({ port }: Place, request: string, patienceMs: number): Promise<void> {
  const [first = "", ...lines] = request.split("\r\n");
  const [method, path, version] = first.split(" ");
  if (version !== "HTTP/1.1" || !lines.includes("")) return sendOn(connect(port, "127.0.0.1"), request, patienceMs);
  const headers = lines.slice(0, lines.indexOf("")).map((line) => {
    const colon = line.indexOf(":");
    return [
      line
        .slice(0, colon)
        .toLowerCase()
        .replace(/^host$/, ":authority"),
      line.slice(colon + 1).trim(),
    ];
  });
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  const isOver = new Promise<void>((resolve) => session.on("close", resolve));
  session.on("error", () => {});
  session.setTimeout(patienceMs, () => session.destroy());
  try {
    const own = { ...Object.fromEntries(headers), ":method": method, ":path": path };
    const stream = session.request(own, { endStream: true });
    stream.on("error", () => {});
    stream.on("close", () => session.close());
    stream.resume();
  } catch {
    // Node refuses what may not stand in a header.
    session.destroy();
  }
  await isOver;
}
