import { fork } from "node:child_process";
import { once } from "node:events";
import { Agent, createServer, request } from "node:http";
import type { AddressInfo } from "node:net";

/*
 * One hop and nothing else: a Node process that hands each request on to a server, over connections it keeps, and its
 * answer back as it comes. What it adds is the least that anything written on node:http adds on this machine.
 */

export interface Relay {
  readonly url: string;
  stop(): Promise<void>;
}

/** A relay to that server, in a process of its own. */
export async function relayTo(url: string): Promise<Relay> {
  const child = fork(import.meta.filename, [url]);
  const [port] = (await once(child, "message")) as [number];
  return {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      await ended;
    },
  };
}

function serve(target: string): void {
  const { hostname, port } = new URL(target);
  const agent = new Agent({ keepAlive: true });
  const server = createServer((incoming, outgoing) => {
    const { method, url: path, headers } = incoming;
    const onward = request({ hostname, port, method, path, headers, agent }, (answer) => {
      outgoing.writeHead(answer.statusCode as number, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on("error", () => outgoing.destroy());
    incoming.pipe(onward);
  });
  server.listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));
}

if (import.meta.main) serve(process.argv[2] as string);
