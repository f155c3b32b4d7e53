import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

/** Stands before a Pulse API and passes all on to it. */
export interface LyingReceiver {
  readonly url: string;
  close(): Promise<void>;
}

const LIE = JSON.stringify({ accepted: 1, unparsed: 0, rejected: 0, items: [] });

/** All but the first request: of that one it says that all lines were taken, and forgets them. */
export async function openLyingReceiver(target: string): Promise<LyingReceiver> {
  let requests = 0;
  const server = createServer(async (incoming, response) => {
    const body = await buffer(incoming);
    if (requests++ === 0) response.writeHead(200, { "content-type": "application/json" }).end(LIE);
    else passOn(target, incoming, body, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function passOn(target: string, { method, url, headers }: IncomingMessage, body: Buffer, response: ServerResponse) {
  request(new URL(url ?? "/", target), { method, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  })
    .on("error", () => response.destroy())
    .end(body);
}
