/** Where a gateway listens, and where its lines go. */
export interface GatewayPorts {
  readonly frontend: number;
  readonly backend: number;
  /** Of the second log sink, which tells what HAProxy logged. */
  readonly sink: number;
  /** Of agents, by the way their lines take; those of a file have none. */
  readonly ring?: number;
  readonly udp?: number;
}

/** More than all lines of a run: HAProxy keeps them while nobody takes them. */
const RING_BYTES = 64 * 1024 * 1024;
const LINE_BYTES = 8192;

/**
 * A gateway that logs each request to its standard output, to a ring for the second sink, and to agents. Without a
 * syslog header a line is the same on every way.
 */
export function gatewayConfig({ frontend, backend, sink, ring, udp }: GatewayPorts): string {
  const targets = [
    "stdout",
    "ring@sink",
    ...(ring === undefined ? [] : ["ring@agent"]),
    ...(udp === undefined ? [] : [`127.0.0.1:${udp}`]),
  ];
  return `
global
    nbthread 1
    maxconn 2000
${targets.map((target) => `    log ${target} len ${LINE_BYTES} format raw local0\n`).join("")}
${ringSection("sink", sink)}${ring === undefined ? "" : ringSection("agent", ring)}
defaults
    mode http
    log global
    option httplog
    timeout connect 1s
    timeout client 2s
    timeout server 2s
    timeout http-request 1s

frontend web
    bind 127.0.0.1:${frontend}
    capture request header User-Agent len 64
    http-request deny deny_status 403 if { path_beg /denied }
    use_backend nowhere if { path_beg /nowhere }
    default_backend app

backend app
    server a1 127.0.0.1:${backend}

backend nowhere
`;
}

const ringSection = (name: string, port: number): string => `
ring ${name}
    format raw
    maxlen ${LINE_BYTES}
    size ${RING_BYTES}
    timeout connect 1s
    timeout server 1h
    server ${name} 127.0.0.1:${port} log-proto octet-count
`;
