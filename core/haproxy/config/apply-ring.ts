import type { ConfigLine } from "#core/haproxy/config/config-line.ts";
import type { Ring } from "#core/haproxy/config/haproxy-config.ts";
import { isSyslogFormat } from "#core/haproxy/config/log-target.ts";

export const emptyRing = (name: string, line: number): Ring => ({
  name,
  line,
  format: "raw",
  maxBytes: 1024,
  servers: [],
});

/** The ring after a line of its section; a sentence where HAProxy would refuse it. */
export function applyRing(ring: Ring, { words }: ConfigLine): Ring | string {
  const [directive, first, second = ""] = words;
  switch (directive) {
    case "format":
      return isSyslogFormat(first) ? { ...ring, format: first } : `there is no syslog format "${first ?? ""}"`;
    case "maxlen":
      return { ...ring, maxBytes: Number(first) };
    case "server": {
      const isCounted = words[words.indexOf("log-proto") + 1] === "octet-count";
      const server = { address: second, framing: isCounted ? "octet-count" : "legacy" } as const;
      return { ...ring, servers: [...ring.servers, server] };
    }
    default:
      return ring;
  }
}
