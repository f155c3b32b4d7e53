import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { UsageError } from "#cli/usage-error.ts";
import { ALL_FAULTS, FAULTS, type Fault, isFault } from "#test/simulation/chaos.ts";
import type { Coverage } from "#test/simulation/coverage.ts";
import { runSeed } from "#test/simulation/run-seed.ts";
import { shrink } from "#test/simulation/shrink.ts";
import { type FailedSeed, type Report, simulateSeeds } from "#test/simulation/simulate-seeds.ts";
import { PRODUCT } from "#test/simulation/wiring.ts";

const HELP = `Plays small worlds in which everything goes wrong, one for each seed, and checks that Pulse keeps its promises.

  npm run simulate -- [options]

  --seeds <n>           how many worlds (default 2000)
  --from <n>            the first seed (default 1)
  --workers <n>         threads (default: as many as this machine has cores)
  --seed <n>            one world only
  --trace               with --seed: tells what happens in it, line by line
  --posts <n>           with --seed: so many POSTs of each producer at most
  --only <fault,…>      with --seed: these faults and no others; or none
  --json                one JSON object instead of text
  --help

Faults: ${[...ALL_FAULTS].join(" ")}

Example: npm run simulate -- --seeds 10000
         npm run simulate -- --seed 1234 --trace
`;

function readOptions() {
  const { values } = parseArgs({
    options: {
      seeds: { type: "string", default: "2000" },
      from: { type: "string", default: "1" },
      workers: { type: "string", default: String(availableParallelism()) },
      seed: { type: "string" },
      trace: { type: "boolean", default: false },
      posts: { type: "string" },
      only: { type: "string" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const { trace, json, help } = values;
  const [seed, posts] = [optionalNumber("seed", values.seed), optionalNumber("posts", values.posts)];
  const only = values.only === undefined ? undefined : toFaults(values.only);
  if (seed === undefined && (trace || posts !== undefined || only !== undefined))
    throw new UsageError("--trace, --posts and --only are for one --seed");
  return {
    range: { from: wholeNumber("from", values.from), seeds: wholeNumber("seeds", values.seeds) },
    workers: wholeNumber("workers", values.workers),
    one: seed === undefined ? undefined : { seed, mostPosts: posts, only },
    trace,
    json,
    help,
  };
}

const optionalNumber = (name: string, text: string | undefined): number | undefined =>
  text === undefined ? undefined : wholeNumber(name, text);

function wholeNumber(name: string, text: string): number {
  if (!/^\d{1,9}$/.test(text) || Number(text) === 0)
    throw new UsageError(`--${name} takes a whole number from 1 on, not "${text}"`);
  return Number(text);
}

function toFaults(text: string): ReadonlySet<Fault> {
  const names = text === NO_FAULTS ? [] : text.split(",");
  const unknown = names.find((name) => !isFault(name));
  if (unknown !== undefined) throw new UsageError(`there is no fault "${unknown}": see --help`);
  return new Set(names.filter(isFault));
}

const print = (text: string): void => {
  process.stdout.write(text);
};

const USAGE_EXIT_CODE = 2;
const NO_FAULTS = "none";
const MOST_FAILURES = 5;

try {
  const options = readOptions();
  if (options.help) print(HELP);
  else if (options.one !== undefined) await playOne(options.one, options);
  else await playMany(options);
} catch (error) {
  const isUsage = error instanceof UsageError || (error as NodeJS.ErrnoException).code?.startsWith("ERR_PARSE_ARGS");
  process.stderr.write(`simulate: ${isUsage ? (error as Error).message : (error as Error).stack}\n`);
  process.exitCode = isUsage ? USAGE_EXIT_CODE : 1;
}

async function playOne(
  one: NonNullable<ReturnType<typeof readOptions>["one"]>,
  { trace, json }: { readonly trace: boolean; readonly json: boolean },
): Promise<void> {
  const lines: string[] = [];
  const { seed, violations, coverage } = await runSeed({ ...one, wiring: PRODUCT, ...(trace && { trace: lines }) });
  if (json) print(`${JSON.stringify({ seed, violations, coverage: Object.fromEntries(coverage), trace: lines })}\n`);
  else {
    for (const line of lines) print(`${line}\n`);
    for (const violation of violations) print(`${violation}\n`);
    print(`seed ${seed}: ${violations.length} violations\n`);
  }
  if (violations.length > 0) process.exitCode = 1;
}

async function playMany({ range, workers, json }: ReturnType<typeof readOptions>): Promise<void> {
  const startMs = performance.now();
  const isWatched = process.stderr.isTTY && !json;
  const report = await simulateSeeds({
    ...range,
    workers,
    onProgress: (done) => isWatched && process.stderr.write(`\r${done} of ${range.seeds} seeds`),
  });
  if (isWatched) process.stderr.write("\r\u001b[K");
  const seconds = (performance.now() - startMs) / 1000;
  if (json) print(`${JSON.stringify({ ...report, coverage: Object.fromEntries(report.coverage), seconds })}\n`);
  else await printReport(report, seconds);
  if (report.failed.length > 0) process.exitCode = 1;
}

async function printReport({ seeds, failed, coverage }: Report, seconds: number): Promise<void> {
  printCoverage(coverage);
  for (const failure of failed.slice(0, MOST_FAILURES)) await printFailure(failure);
  const violations = failed.reduce((sum, failure) => sum + failure.violations.length, 0);
  const speed = `${seconds.toFixed(1)} s, ${Math.round(seeds / seconds)} a second`;
  print(`${seeds} seeds (${speed}): ${violations} violations${violations === 0 ? "" : ` in ${failed.length} seeds`}\n`);
}

function printCoverage(coverage: Coverage): void {
  const faults = new Set<string>(Object.values(FAULTS));
  const lines = [...coverage].sort(([one], [other]) => (one < other ? -1 : 1));
  const printAll = (title: string, wanted: (what: string) => boolean): void => {
    print(`${title}\n`);
    for (const [what, times] of lines) if (wanted(what)) print(`${times.toLocaleString("en").padStart(12)}  ${what}\n`);
  };
  printAll("What was done", (what) => !faults.has(what));
  printAll("What went wrong", (what) => faults.has(what));
}

async function printFailure({ seed, violations }: FailedSeed): Promise<void> {
  print(`seed ${seed}\n`);
  for (const violation of violations.slice(0, MOST_FAILURES)) print(`  ${violation}\n`);
  const { posts, only } = await shrink(seed);
  print(`  npm run simulate -- --seed ${seed} --trace\n`);
  const faults = [...only].join(",") || NO_FAULTS;
  print(`  smaller: npm run simulate -- --seed ${seed} --posts ${posts} --only ${faults} --trace\n`);
}
