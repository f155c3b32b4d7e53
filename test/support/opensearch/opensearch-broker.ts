import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { relative } from "node:path";

import { type OpenSearchNode, startOpenSearch } from "#dev/opensearch-node.ts";
import { OpenSearchUnavailable } from "#dev/opensearch-unavailable.ts";

/** What the broker answers a test file that asks for an OpenSearch. */
export type BrokerAnswer = { readonly url: string } | { readonly unavailable: string } | { readonly failed: string };

export interface OpenSearchBroker {
  readonly url: string;
  close(): Promise<void>;
}

/** A gigabyte keeps the heap's circuit breaker out of tests that run side by side. */
const HEAP = "1g";

/**
 * Gives every test file of a run the same OpenSearch, started when the first one asks: a run without such tests starts
 * none. Workers are processes of their own, so they ask over HTTP. Says at the end which files went untested.
 */
export async function openBroker(): Promise<OpenSearchBroker> {
  let starting: Promise<OpenSearchNode> | undefined;
  const untested = new Set<string>();
  let reason = "";

  const answer = async (testFile: string): Promise<BrokerAnswer> => {
    starting ??= startOpenSearch({ heap: HEAP, isShortLived: true, report });
    try {
      return { url: (await starting).url };
    } catch (failure) {
      if (!(failure instanceof OpenSearchUnavailable)) return { failed: String(failure) };
      reason = failure.message;
      untested.add(relative(process.cwd(), testFile));
      return { unavailable: reason };
    }
  };

  const server = createServer(async (request, response) => {
    const testFile = new URL(request.url ?? "/", "http://broker").searchParams.get("for") ?? "";
    response.setHeader("connection", "close").end(JSON.stringify(await answer(testFile)));
  });
  await listen(server);
  server.unref();

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.close();
      await starting?.then((node) => node.stop()).catch(() => {});
      if (untested.size > 0) console.error(`\nNOT TESTED, as ${reason}:\n  ${[...untested].join("\n  ")}\n`);
    },
  };
}

const listen = (server: Server): Promise<void> => new Promise((listening) => server.listen(0, "127.0.0.1", listening));

function report(progress: string): void {
  if (process.stderr.isTTY) console.error(`OpenSearch for the tests: ${progress} …`);
}
