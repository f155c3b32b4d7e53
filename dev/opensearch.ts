import { parseArgs } from "node:util";

import { OPENSEARCH_VERSION } from "#dev/opensearch-distribution.ts";
import { type OpenSearchOptions, startOpenSearch } from "#dev/opensearch-node.ts";
import { OpenSearchUnavailable } from "#dev/opensearch-unavailable.ts";

const HELP = `Starts a real OpenSearch ${OPENSEARCH_VERSION} on this machine, without security, on loopback only.
Needs Java 21 or newer; Maven fetches the distribution the first time.

  npm run opensearch -- [options]

  --port <n>       where it listens (default: a free port)
  --data <folder>  keeps the data there after the stop (default: a temporary folder)
  --heap <size>    Java heap (default: 512m)
  --help

Example: a node that keeps its data, and the tests run against it

  npm run opensearch -- --port 9200 --data .pulse/opensearch --heap 1g
  OPENSEARCH_URL=http://127.0.0.1:9200 npm test
`;

function readOptions(): OpenSearchOptions | "help" {
  const { values } = parseArgs({
    options: {
      port: { type: "string" },
      data: { type: "string" },
      heap: { type: "string" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help) return "help";
  if (values.port !== undefined && !(Number(values.port) <= 65_535 && /^\d+$/.test(values.port)))
    throw new TypeError(`--port takes a number up to 65535, not "${values.port}"`);
  if (values.heap !== undefined && !/^\d+[mg]$/i.test(values.heap))
    throw new TypeError(`--heap takes a size such as 512m or 2g, not "${values.heap}"`);
  return {
    ...(values.port !== undefined && { port: Number(values.port) }),
    ...(values.data !== undefined && { dataFolder: values.data }),
    ...(values.heap !== undefined && { heap: values.heap }),
    report: (progress) => process.stderr.isTTY && console.error(`${progress} …`),
  };
}

async function main(): Promise<void> {
  const options = readOptions();
  if (options === "help") return console.log(HELP);
  const node = await startOpenSearch(options);
  console.log(`OpenSearch ${OPENSEARCH_VERSION} listens on ${node.url} (process ${node.pid}); Ctrl-C stops it`);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, node.stop);
}

await main().catch((failure) => {
  const expected = failure instanceof OpenSearchUnavailable || failure instanceof TypeError;
  console.error(expected ? failure.message : failure);
  process.exitCode = 1;
});
