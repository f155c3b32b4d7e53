import { parseArgs } from "node:util";
import { checkFormats } from "./check-formats.ts";
import { checkOptions } from "./check-options.ts";
import { hasHaproxy } from "./haproxy.ts";

const HELP = `Runs random log-formats in a real HAProxy under requests of every kind, and compares what Pulse reads of each line
with what HAProxy says of the same request value by value. Then HAProxy's own formats, with a configuration and without, in
every syslog format, whole and cut.

  npm run test:formats -- [options]

  --formats <n>   log-formats at once, each in a frontend of its own (default 40)
  --rounds <n>    how often, each time with other formats (default 1)
  --seed <n>      repeats a round (default: another one each time)
  --help

Ends with 1 if a line was read wrongly whose format is not said to be ambiguous.

Example: npm run test:formats -- --formats 60 --rounds 10
`;

const { values } = parseArgs({
  options: {
    formats: { type: "string", default: "40" },
    rounds: { type: "string", default: "1" },
    seed: { type: "string", default: String(Math.floor(Math.random() * 2 ** 31)) },
    help: { type: "boolean" },
  },
});

const MOST_SHOWN = 10;

async function round(seed: number): Promise<boolean> {
  const { wrong, disagreed, ...figures } = await checkFormats(Number(values.formats), seed);
  const summary = Object.entries(figures).map(([name, value]) => `${name} ${value}`);
  console.log(`seed ${seed}: ${summary.join(", ")}, wrong ${wrong.length}`);
  for (const says of disagreed) console.log(`  ${says}`);
  const byFormat = Map.groupBy(wrong, ({ format }) => format);
  for (const [format, lines] of [...byFormat].slice(0, MOST_SHOWN)) {
    console.log(`  ${lines.length} lines of ${format}`);
    console.log(`    ${lines[0]?.line}\n    ${lines[0]?.differences.join("\n    ")}`);
  }
  return wrong.length === 0;
}

async function ownFormats(): Promise<boolean> {
  const { wrong, ...figures } = await checkOptions();
  const summary = Object.entries(figures).map(([name, value]) => `${name} ${value}`);
  console.log(`HAProxy's own formats: ${summary.join(", ")}, wrong ${wrong.length}`);
  for (const says of wrong.slice(0, MOST_SHOWN)) console.log(`  ${says}`);
  return wrong.length === 0;
}

if (values.help) console.log(HELP);
else if (!hasHaproxy()) {
  console.error("there is no haproxy here (Debian: apt-get install haproxy)");
  process.exitCode = 2;
} else {
  for (let index = 0; index < Number(values.rounds); index++)
    if (!(await round(Number(values.seed) + index))) process.exitCode = 1;
  if (!(await ownFormats())) process.exitCode = 1;
}
