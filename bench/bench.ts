import { cpus, loadavg, totalmem } from "node:os";
import { parseArgs } from "node:util";
import { UsageError } from "#cli/usage-error.ts";
import { benchedOpenSearch, NO_OPENSEARCH, type Progress } from "./benched-opensearch.ts";
import { cold } from "./cold.ts";
import { forward } from "./forward.ts";
import { Ground } from "./ground.ts";
import { ingestBatch, ingestSingle } from "./ingest.ts";
import { parse } from "./parse.ts";
import { query } from "./query.ts";
import { type SuiteReport, toTable, verdictOn } from "./report.ts";
import { start } from "./start.ts";
import { stream } from "./stream.ts";
import { triggers } from "./triggers.ts";
import { trouble } from "./trouble.ts";

const HELP = `Measures Pulse on this machine, on both engines, beside OpenSearch itself in the same run.

  npm run bench -- [suite …] [options]

  suites                ingest-single, ingest-batch, query, stream, start, cold, parse, triggers (default: all of
                        these);
                        forward, only when asked for: what the agent beside a gateway takes of a machine;
                        trouble, only when asked for: OpenSearch is stopped, killed, out of disk, and overrun while
                        events come in; ten minutes on nodes of its own, which need Java 21. Fails if any is lost
                        or doubled
  --events <n>          events of the larger query set; ingest goes with it (default 1000000)
  --quick               a tenth of the events and less of the rest: under two minutes, and rougher
  --opensearch <url>    a node that runs already (default: OPENSEARCH_URL, else one is started; needs Java 21)
  --embedded            the embedded engine only, without an OpenSearch
  --profile <folder>    the servers leave their CPU profiles there
  --json                one JSON object instead of tables
  --help

Example: npm run bench -- ingest-single query --quick
`;

/** How much is done. */
interface Scale {
  readonly events: number;
  readonly askings: number;
  readonly streamSeconds: number;
  readonly imports: number;
  readonly rounds: number;
}

const FULL: Scale = { events: 1_000_000, askings: 200, streamSeconds: 10, imports: 15, rounds: 40 };
const QUICK: Scale = { events: 100_000, askings: 50, streamSeconds: 4, imports: 5, rounds: 15 };

type Suite = (ground: Ground, scale: Scale) => Promise<SuiteReport | readonly SuiteReport[]>;

/** Suites by name, in the order they run. */
const SUITES: Readonly<Record<string, Suite>> = {
  "ingest-single": (ground, { events }) => ingestSingle(ground, events / 100),
  "ingest-batch": (ground, { events }) => ingestBatch(ground, events / 20),
  query: (ground, { events, askings }) => query(ground, events, askings),
  stream: (ground, { streamSeconds }) => stream(ground, streamSeconds),
  start,
  cold: (ground, { imports }) => cold(ground, imports),
  parse: (ground, { rounds }) => parse(ground, rounds),
  triggers: (ground, { rounds }) => triggers(ground, rounds),
};

/** Those that run only when they are named. */
const OTHER_SUITES: Readonly<Record<string, Suite>> = {
  forward: (ground, { streamSeconds }) => forward(ground, 3 * streamSeconds),
  trouble,
};

const suiteOf = (name: string): Suite | undefined => SUITES[name] ?? OTHER_SUITES[name];

function readOptions() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      events: { type: "string" },
      quick: { type: "boolean", default: false },
      opensearch: { type: "string" },
      embedded: { type: "boolean", default: false },
      profile: { type: "string" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const names = [...Object.keys(SUITES), ...Object.keys(OTHER_SUITES)];
  const unknown = positionals.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new UsageError(`there is no suite "${unknown}", only ${names.join(", ")}`);
  const events = values.events === undefined ? undefined : Number(values.events);
  if (events !== undefined && !(events >= 1000 && events % 1000 === 0))
    throw new UsageError(`--events takes whole thousands, not "${values.events}"`);
  const scale = values.quick ? QUICK : FULL;
  return {
    help: values.help,
    json: values.json,
    quick: values.quick,
    openSearchUrl: values.opensearch ?? (process.env.OPENSEARCH_URL || undefined),
    embeddedOnly: values.embedded,
    profileFolder: values.profile,
    suites: positionals.length === 0 ? Object.keys(SUITES) : positionals,
    scale: events === undefined ? scale : { ...scale, events },
  };
}

const progress: Progress = (text) => {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text} …`);
};

const clearProgress = (): void => {
  if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
};

const machine = () => ({
  processor: cpus()[0]?.model.trim(),
  cores: cpus().length,
  memoryGb: Math.round(totalmem() / 2 ** 30),
  node: process.versions.node,
  loadBefore: Number(loadavg()[0]?.toFixed(1)),
});

async function main(): Promise<void> {
  const options = readOptions();
  if (options.help) return console.log(HELP);
  const ran = { ...machine(), at: new Date().toISOString(), quick: options.quick, events: options.scale.events };
  if (!options.json)
    console.log(
      Object.entries(ran)
        .map(([name, value]) => `${name} ${value}`)
        .join(", "),
      "\n",
    );
  const openSearch = options.embeddedOnly ? NO_OPENSEARCH : benchedOpenSearch(options.openSearchUrl, progress);
  const reports: SuiteReport[] = [];
  let ground: Ground | undefined;
  const close = async () => {
    await ground?.close();
    await openSearch.close();
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => close().finally(() => process.exit(1)));
  try {
    for (const name of options.suites) {
      ground = new Ground({ openSearch, profileFolder: options.profileFolder, progress });
      const measured = await suiteOf(name)?.(ground, options.scale).finally(() => ground?.close());
      for (const report of [measured ?? []].flat()) {
        reports.push(report);
        clearProgress();
        if (!options.json) console.log(toTable(report));
      }
    }
  } finally {
    await close();
  }
  if (reports.flatMap(({ bars }) => bars).some((bar) => bar.isPromise && verdictOn(bar) !== "met"))
    process.exitCode = 1;
  if (options.json)
    console.log(JSON.stringify({ ran, ...namedFigures(reports), suites: reports.map(withVerdicts) }, null, 2));
}

const namedFigures = (reports: readonly SuiteReport[]): Record<string, object> =>
  Object.fromEntries(reports.flatMap(({ suite, named }) => (named === undefined ? [] : [[suite, named]])));

const withVerdicts = ({ named, ...report }: SuiteReport) => ({
  ...report,
  bars: report.bars.map((bar) => ({ ...bar, verdict: verdictOn(bar) })),
});

await main().catch((failure) => {
  console.error(failure instanceof UsageError ? failure.message : failure);
  process.exitCode = 1;
});
