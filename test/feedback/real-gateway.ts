import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { gatewayName, REQUEST_EVERY_MS, type TroubledGateway } from "#test/feedback/troubled-gateway.ts";
import { freePorts, startHaproxy } from "#test/real-haproxy/haproxy.ts";

/** A real HAProxy before two servers. */
export async function openRealGateway(folder: string, syslogPort: number): Promise<TroubledGateway> {
  const [frontend = 0] = await freePorts(1);
  const name = gatewayName(frontend);
  let isFailing = false;
  let failed = 0;
  const steady = await openServer(() => 200);
  const shaky = await openServer(() => (isFailing ? 503 : 200));
  const config = configOf(name, frontend, syslogPort, [portOf(steady), portOf(shaky)]);
  const haproxy = await startHaproxy(folder, { config, zone: "UTC", port: frontend });
  let isOpen = true;
  const traffic = (async () => {
    while (isOpen) {
      const { status } = await fetch(`http://127.0.0.1:${frontend}/`, { headers: { connection: "close" } });
      if (status >= 500) failed++;
      await sleep(REQUEST_EVERY_MS);
    }
  })();
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
      isOpen = false;
      await traffic;
      await haproxy.stop();
      for (const server of [steady, shaky]) {
        server.closeAllConnections();
        server.close();
      }
    },
  };
}

async function openServer(statusOf: () => number): Promise<Server> {
  const server = createServer((_, response) => {
    response.writeHead(statusOf());
    response.end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

const configOf = (name: string, frontend: number, syslog: number, servers: readonly number[]): string => `
global
    log 127.0.0.1:${syslog} local0

defaults
    mode http
    log global
    option httplog
    timeout connect 1s
    timeout client 5s
    timeout server 5s

frontend ${name}
    bind 127.0.0.1:${frontend}
    default_backend app

backend app
    balance roundrobin
${servers.map((port, index) => `    server s${index + 1} 127.0.0.1:${port}`).join("\n")}
`;
