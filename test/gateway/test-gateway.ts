import { parseArgs } from "node:util";
import { type OpenSearchNode, startOpenSearch } from "#dev/opensearch-node.ts";
import {
  type GatewayResult,
  runGateway,
  SABOTAGES,
  type Sabotage,
  WAYS,
  type Way,
  type WayResult,
} from "#test/gateway/run-gateway.ts";
import { hasHaproxy } from "#test/real-haproxy/haproxy.ts";

const HELP = `Runs a real HAProxy under requests, its log lines through agents into Pulse, kills agents and server again and again,
and compares the events with what a second log sink of HAProxy has.

  npm run test:gateway -- [options]

  --engine <name>       embedded (default), or opensearch: a real node, which needs Java 21
  --opensearch <url>    a node that runs already and holds no events
  --requests <n>        (default 20000)
  --rate <n>            requests a second, at most (default 800)
  --kills <n>           of the server, and of each agent (default 5)
  --ways <a,b>          how lines get to agents: ${WAYS.join(", ")} (default all of them, each with an agent of its own)
  --seed <n>            repeats requests and kills (default: another one each time)
  --sabotage <what>     breaks something on purpose: ${SABOTAGES.join(", ")}
  --help

Only a file promises each line once whatever is killed: how far it is read is spooled with its lines. Over TCP and UDP, lines
that a killed agent held are gone, and UDP has nobody to send to meanwhile: what is lost there is shown, not judged.
It ends with 0 when each line of the file is an event once and verify says so, with 1 when not, with 2 when it cannot run.

Example: npm run test:gateway -- --requests 2000 --kills 2 --seed 7
`;

const USAGE_EXIT_CODE = 2;
const SHOWN_LINES = 3;

const { values } = parseArgs({
  options: {
    engine: { type: "string", default: "embedded" },
    opensearch: { type: "string" },
    requests: { type: "string", default: "20000" },
    rate: { type: "string", default: "800" },
    kills: { type: "string", default: "5" },
    ways: { type: "string", default: WAYS.join(",") },
    seed: { type: "string", default: String(Math.floor(Math.random() * 2 ** 31)) },
    sabotage: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

if (values.help) console.log(HELP);
else process.exitCode = await testGateway();

async function testGateway(): Promise<number> {
  const faults = faultsOfCall();
  for (const fault of faults) console.error(`test:gateway: ${fault}`);
  if (faults.length > 0) return USAGE_EXIT_CODE;
  let node: OpenSearchNode | undefined;
  if (values.engine === "opensearch" && values.opensearch === undefined) node = await startOpenSearch();
  const isWatched = process.stderr.isTTY;
  try {
    const result = await runGateway({
      requests: Number(values.requests),
      kills: Number(values.kills),
      rate: Number(values.rate),
      seed: Number(values.seed),
      ways: values.ways.split(",") as Way[],
      openSearchUrl: values.opensearch ?? node?.url,
      sabotage: values.sabotage as Sabotage | undefined,
      onProgress: (text) => isWatched && process.stderr.write(`\r\x1b[K${text}`),
    });
    if (isWatched) process.stderr.write("\r\x1b[K");
    return report(result);
  } finally {
    await node?.stop();
  }
}

function faultsOfCall(): string[] {
  const { engine, ways, sabotage } = values;
  const numbers = (["requests", "rate", "kills", "seed"] as const).filter((name) => !/^\d{1,10}$/.test(values[name]));
  const isWay = (name: string): boolean => WAYS.some((way) => way === name);
  return [
    !hasHaproxy() && "there is no haproxy here (Debian: apt-get install haproxy)",
    engine !== "embedded" && engine !== "opensearch" && `--engine takes embedded or opensearch, not "${engine}"`,
    !ways.split(",").every(isWay) && `--ways takes ${WAYS.join(", ")}, not "${ways}"`,
    sabotage !== undefined && !SABOTAGES.some((known) => known === sabotage) && `there is no sabotage "${sabotage}"`,
    ...numbers.map((name) => `--${name} takes a number, not "${values[name]}"`),
  ].filter((fault) => fault !== false);
}

function report(result: GatewayResult): number {
  const { requests, lines, file, kills, seconds, ways } = result;
  const speed = `${kills} kills, ${seconds.toFixed(0)} s, seed ${values.seed}`;
  console.log(`${values.engine}: ${requests} requests, ${lines} lines in the second sink, ${speed}`);
  if (file.lost.length + file.surplus.length > 0)
    console.log(`HAProxy's own file: ${file.lost.length} lines less, ${file.surplus.length} more`);
  console.log(row(["way", "events", "lost", "doubled", "unparsed", "verify"]));
  for (const way of ways) {
    const told = way.verify.code === 0 ? "complete" : `ended with ${way.verify.code}`;
    console.log(row([way.way, way.events, way.lost.length, way.surplus.length, way.unparsed, told]));
  }
  for (const way of ways) showDetails(way);
  return ways.every(isRight) ? 0 : 1;
}

function row(cells: readonly (string | number)[]): string {
  return cells.map((cell, index) => (index === 0 ? String(cell).padEnd(6) : String(cell).padStart(9))).join("  ");
}

function showDetails({ lost, surplus, verify }: WayResult): void {
  process.stdout.write(`\n${verify.stdout}${verify.stderr}`);
  for (const line of lost.slice(0, SHOWN_LINES)) console.log(`  lost: ${line}`);
  for (const line of surplus.slice(0, SHOWN_LINES)) console.log(`  not in the sink, or there less often: ${line}`);
}

/** No way may double a line. */
function isRight({ way, lost, surplus, unparsed, verify }: WayResult): boolean {
  return surplus.length === 0 && unparsed === 0 && verify.code === 0 && (way !== "file" || lost.length === 0);
}
