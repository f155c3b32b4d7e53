import { execFileSync } from "node:child_process";
import { bundleFunctions } from "#lib/bundles.ts";

/*
 * How long each function's bundle takes to import, which is most of a cold start that is ours: a fresh process each
 * time, the median of 15. `node bench/bundle-imports.ts`
 */

const RUNS = 15;

const ENVIRONMENT = {
  PULSE_OPENSEARCH_URL: "https://search.example",
  PULSE_EVENTS_STREAM: "events",
  PULSE_KEYS_TABLE: "keys",
  PULSE_DEAD_LETTERS_BUCKET: "dead-letters",
  AWS_REGION: "eu-west-1",
};

/** What Lambda's runtime gives a function besides its environment. */
const RUNTIME = "globalThis.awslambda = { streamifyResponse: (handler) => handler, HttpResponseStream: {} };";

const importMs = (file: string): number =>
  Number(
    execFileSync(
      process.execPath,
      [
        "--input-type=module",
        "--eval",
        `${RUNTIME} const from = performance.now(); await import(${JSON.stringify(file)}); process.stdout.write(String(performance.now() - from)); process.exit();`,
      ],
      { env: { ...process.env, ...ENVIRONMENT }, encoding: "utf8" },
    ),
  );

const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] as number;

function print(name: string, file: string, bytes: number): void {
  const ms = median(Array.from({ length: RUNS }, () => importMs(file)));
  console.log(`${name.padEnd(24)} ${String(Math.ceil(bytes / 1024)).padStart(4)} KB ${ms.toFixed(1).padStart(6)} ms`);
}

print("(an empty module)", "data:text/javascript,", 0);
for (const { name, file, bytes } of await bundleFunctions()) print(name, file, bytes);
