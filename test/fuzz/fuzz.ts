import { setPriority } from "node:os";
import { parseArgs } from "node:util";
import { openReporter } from "#cli/reporter.ts";
import { FUZZ_TARGETS } from "#test/fuzz/fuzz-targets.ts";
import { fuzzOnce, runFuzz } from "#test/fuzz/run-fuzz.ts";
import { openWatchdog } from "#test/fuzz/watchdog.ts";

const HELP = `Gives what reads log lines inputs that nobody would send, and checks what comes of each: nothing throws, hangs, or loses
a byte. One process, of low priority.

  npm run fuzz -- [options]

  --seconds <n>     (default 60)
  --targets <a,b>   of ${Object.keys(FUZZ_TARGETS).join(", ")} (default all of them)
  --seed <n>        of the first input (default: another one each time); each has the next
  --replay <n>      that one input of one target, as a failure names it
  --help

It says how many inputs were read, and ends with 0 when all went well, with 1 when one failed, with 2 when called wrongly;
an input that is read for half a minute ends it by force.

Example: npm run fuzz -- --seconds 3600
         npm run fuzz -- --targets lines --replay 1234
`;

const LOW_PRIORITY = 10;
const USAGE_EXIT_CODE = 2;
/** Characters of an error: an input may be in it. */
const SHOWN = 4000;

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    targets: { type: "string", default: Object.keys(FUZZ_TARGETS).join(",") },
    seed: { type: "string", default: String(Math.floor(Math.random() * 2 ** 30)) },
    replay: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

if (values.help) console.log(HELP);
else process.exitCode = fuzz();

function fuzz(): number {
  const faults = faultsOfCall();
  for (const fault of faults) console.error(`fuzz: ${fault}`);
  if (faults.length > 0) return USAGE_EXIT_CODE;
  setPriority(LOW_PRIORITY);
  const names = values.targets.split(",");
  const targets = Object.fromEntries(Object.entries(FUZZ_TARGETS).filter(([name]) => names.includes(name)));
  if (values.replay !== undefined) {
    const [[name, target]] = Object.entries(targets) as [[string, (typeof targets)[string]]];
    return tell(name, Number(values.replay), target && fuzzOnce(target, Number(values.replay)));
  }
  return fuzzAll(targets);
}

function fuzzAll(targets: typeof FUZZ_TARGETS): number {
  const seed = Number(values.seed);
  const endMs = performance.now() + Number(values.seconds) * 1000;
  const reporter = openReporter();
  const { inputs, failure } = runFuzz({
    targets,
    seed,
    onInput: openWatchdog(Object.keys(targets)),
    isOver: () => performance.now() >= endMs,
    onProgress: (counts) => reporter.progress(() => showCounts(counts)),
  });
  reporter.end();
  console.log(`seed ${seed}, ${showCounts(inputs)}`);
  return failure === undefined ? 0 : tell(failure.target, failure.seed, failure.error);
}

function tell(target: string, seed: number, error: Error | undefined): number {
  if (error === undefined) {
    console.log(`${target} ${seed}: all is well`);
    return 0;
  }
  const stack = String(error.stack);
  const shown = stack.length > SHOWN ? `${stack.slice(0, SHOWN / 2)}…${stack.slice(-SHOWN / 2)}` : stack;
  console.error(`${target} ${seed} fails: ${shown}\n\nnpm run fuzz -- --targets ${target} --replay ${seed}`);
  return 1;
}

function showCounts(inputs: ReadonlyMap<string, number>): string {
  const all = [...inputs.values()].reduce((sum, count) => sum + count, 0);
  const each = [...inputs].map(([name, count]) => `${name} ${count.toLocaleString("en-US")}`);
  return `${all.toLocaleString("en-US")} inputs: ${each.join(", ")}`;
}

function faultsOfCall(): string[] {
  const numbers = (["seconds", "seed", "replay"] as const).filter((name) => !/^\d{1,10}$/.test(values[name] ?? "0"));
  const unknown = values.targets.split(",").filter((name) => !Object.hasOwn(FUZZ_TARGETS, name));
  return [
    ...numbers.map((name) => `--${name} takes a number, not "${values[name]}"`),
    ...unknown.map((name) => `there is no target "${name}"`),
    ...(values.replay !== undefined && values.targets.includes(",") ? ["--replay takes one of --targets"] : []),
  ];
}
