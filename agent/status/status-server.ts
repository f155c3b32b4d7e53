import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { listening } from "#agent/inputs/listening.ts";
import type { HostPort } from "#agent/settings.ts";
import { type AgentStatus, printMetrics, troublesOf } from "#agent/status/status.ts";

export interface StatusServer {
  readonly port: number;
  close(): Promise<void>;
}

/** `/metrics` for Prometheus, and `/healthz`: 200 while all is well, else 503 with what is not. */
export async function openStatusServer({ host, port }: HostPort, look: () => AgentStatus): Promise<StatusServer> {
  const server: Server = createServer((request, response) => answer(request.url ?? "", look, response));
  await listening(server, () => server.listen({ host, port, exclusive: true }), `${host}:${port}/tcp`);
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answer(url: string, look: () => AgentStatus, response: ServerResponse): void {
  if (url === "/metrics") {
    response.writeHead(200, { "content-type": "text/plain; version=0.0.4" }).end(printMetrics(look()));
  } else if (url === "/healthz") {
    const troubles = troublesOf(look());
    const isWell = troubles.length === 0;
    response
      .writeHead(isWell ? 200 : 503, { "content-type": "application/json" })
      .end(`${JSON.stringify({ ok: isWell, troubles })}\n`);
  } else response.writeHead(404).end("there are /metrics and /healthz\n");
}
