import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { bundleFunctions } from "#lib/bundles.ts";
import type { Ground } from "./ground.ts";
import type { Bar, Row, SuiteReport } from "./report.ts";
import { median } from "./statistics.ts";

const ENVIRONMENT = {
  PULSE_OPENSEARCH_URL: "https://search.example",
  PULSE_EVENTS_STREAM: "events",
  PULSE_KEYS_TABLE: "keys",
  PULSE_DEAD_LETTERS_BUCKET: "dead-letters",
  AWS_REGION: "eu-west-1",
};

const EMPTY = "data:text/javascript,";
const MAX_KB = 350;
const MAX_IMPORT_MS = 60;

/**
 * What a cold start loads: each function's bundle, its size and how long a fresh process takes to import it, an empty
 * module's time taken off. A client of the AWS SDK comes from the runtime, and one may be counted off.
 */
export async function bundles(ground: Ground, runs: number): Promise<SuiteReport> {
  const rows: Row[] = [];
  const bars: Bar[] = [];
  const emptyMs = importMs(EMPTY, runs);
  const clientMs = new Map<string, number>();
  for (const { name, file, bytes, fromRuntime } of await bundleFunctions()) {
    ground.progress(`importing ${name} ${runs} times`);
    for (const client of fromRuntime)
      if (!clientMs.has(client)) clientMs.set(client, importMs(import.meta.resolve(client), runs) - emptyMs);
    const wholeMs = importMs(pathToFileURL(file).href, runs) - emptyMs;
    const dearestMs = Math.max(0, ...fromRuntime.map((client) => clientMs.get(client) as number));
    const kilobytes = bytes / 1024;
    rows.push({
      what: name,
      figures: { KB: kilobytes, "import ms": wholeMs, "of it one SDK client": dearestMs },
      over: runs,
    });
    bars.push(
      { what: `${name}, KB`, measured: kilobytes, bound: { atMost: MAX_KB } },
      { what: `${name}, ms besides one SDK client`, measured: wholeMs - dearestMs, bound: { atMost: MAX_IMPORT_MS } },
    );
  }
  return { suite: "bundles", setup: "the median of fresh processes, less that of an empty one", rows, bars };
}

/** What Lambda's runtime gives a function besides its environment. */
const RUNTIME = "globalThis.awslambda = { streamifyResponse: (handler) => handler, HttpResponseStream: {} };";

/** The median of so many fresh processes. */
function importMs(url: string, runs: number): number {
  const program = `${RUNTIME}
    const startMs = performance.now();
    await import(${JSON.stringify(url)});
    process.stdout.write(String(performance.now() - startMs));
    process.exit();`;
  const run = () =>
    execFileSync(process.execPath, ["--input-type=module", "--eval", program], {
      cwd: join(import.meta.dirname, ".."),
      env: { ...process.env, ...ENVIRONMENT },
      encoding: "utf8",
    });
  return median(Array.from({ length: runs }, () => Number(run())));
}
