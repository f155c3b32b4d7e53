import { createSocket } from "node:dgram";
import { gatewayName, REQUEST_EVERY_MS, type TroubledGateway } from "#test/feedback/troubled-gateway.ts";
import { haproxyDate } from "#test/support/samples/haproxy-date.ts";

/**
 * Lines that a HAProxy 2.6 wrote (option httplog, one request of each server),
 * but for time, frontend, server and status.
 */
const SAMPLE = [
  '127.0.0.1:40610 [{time}] {ft} app/{server} 0/0/0/1/1 {status} 134 - - ---- 1/1/0/0/0 0/0 "GET / HTTP/1.1"',
  '127.0.0.1:40618 [{time}] {ft} app/{server} 0/0/1/2/3 {status} 134 - - ---- 2/2/1/1/0 0/0 "GET /cart?id=7 HTTP/1.1"',
];

/** The lines of a gateway without one: a sample of them, played anew. */
export async function playGateway(_folder: string, syslogPort: number): Promise<TroubledGateway> {
  const name = gatewayName(syslogPort);
  const socket = createSocket("udp4");
  let isFailing = false;
  let failed = 0;
  let sent = 0;
  const timer = setInterval(() => {
    const server = ["s1", "s2"][sent % 2] as string;
    const status = isFailing && server === "s2" ? 503 : 200;
    if (status >= 500) failed++;
    const line = (SAMPLE[sent++ % SAMPLE.length] as string)
      .replace("{time}", haproxyDate(Date.now()))
      .replace("{ft}", name)
      .replace("{server}", server)
      .replace("{status}", String(status));
    socket.send(`<134>Nov 22 17:12:26 haproxy[25221]: ${line}\n`, syslogPort, "127.0.0.1");
  }, REQUEST_EVERY_MS);
  return {
    name,
    get failed() {
      return failed;
    },
    fail() {
      isFailing = true;
    },
    heal() {
      isFailing = false;
    },
    async close() {
      clearInterval(timer);
      await new Promise<void>((resolve) => socket.close(resolve));
    },
  };
}
