import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Bundle, bundleFunctions } from "#lib/bundles.ts";
import type { Progress } from "./benched-opensearch.ts";
import type { Ground } from "./ground.ts";
import type { Bar, Row, SuiteReport } from "./report.ts";
import { median } from "./statistics.ts";

const ENVIRONMENT = {
  PULSE_OPENSEARCH_URL: "https://search.example",
  PULSE_EVENTS_STREAM: "events",
  PULSE_HAPROXY_LOGS_STREAM: "haproxy-logs",
  PULSE_KEYS_TABLE: "keys",
  PULSE_DEAD_LETTERS_BUCKET: "dead-letters",
  PULSE_ARTIFACTS_TABLE: "artifacts",
  PULSE_PAUSED_TRIGGERS_TABLE: "paused-triggers",
  PULSE_DELIVERIES_URL: "https://sqs.example/deliveries",
  PULSE_DEAD_DELIVERIES_URL: "https://sqs.example/dead-deliveries",
  PULSE_TRIGGER_BUS: "bus",
  PULSE_DASHBOARDS_URL: "https://search.example/_dashboards",
  PULSE_AUTH: "oidc",
  PULSE_OIDC_ISSUER: "https://login.example",
  PULSE_OIDC_AUDIENCE: "pulse",
  PULSE_API_KEYS_TABLE: "api-keys",
  AWS_REGION: "eu-west-1",
};

const EMPTY = "data:text/javascript,";
const MAX_KB = 350;
const MAX_IMPORT_MS = 60;

/** An import's time, and how much of a processor it took: the latter a busy machine does not stretch. */
interface Import {
  readonly ms: number;
  readonly cpuMs: number;
}

const less = (one: Import, other: Import): Import => ({ ms: one.ms - other.ms, cpuMs: one.cpuMs - other.cpuMs });

/**
 * What a cold start loads: each function's bundle, its size and how long a fresh process takes to import it, an empty
 * module's time taken off. Clients of the AWS SDK come from the runtime, and the dearest one may be counted off: a row
 * names it.
 */
export async function cold(ground: Ground, runs: number): Promise<SuiteReport> {
  const bundles = await bundleFunctions();
  const clients = [...new Set(bundles.flatMap(({ fromRuntime }) => fromRuntime))];
  const urls = [EMPTY, ...clients.map((client) => import.meta.resolve(client)), ...bundles.map(urlOf)];
  const imports = timeImports(urls, runs, ground.progress);
  const importOf = (url: string): Import => less(imports.get(url) as Import, imports.get(EMPTY) as Import);
  const clientOf = (name: string): Import => importOf(import.meta.resolve(name));
  const rows: Row[] = [];
  const bars: Bar[] = [];
  for (const bundle of bundles) {
    const { name, bytes, fromRuntime } = bundle;
    const whole = importOf(urlOf(bundle));
    const [client] = fromRuntime.toSorted((one, other) => clientOf(other).ms - clientOf(one).ms);
    const besides = client === undefined ? whole : less(whole, clientOf(client));
    const kilobytes = bytes / 1024;
    rows.push({
      what: client === undefined ? name : `${name}, with ${client}`,
      figures: {
        KB: kilobytes,
        "import ms": whole.ms,
        "CPU ms": whole.cpuMs,
        "besides the SDK client, ms": besides.ms,
        "CPU ms besides it": besides.cpuMs,
      },
      over: runs,
    });
    bars.push(
      { what: `${name}, KB`, measured: kilobytes, bound: { atMost: MAX_KB } },
      { what: `${name}, ms besides one SDK client`, measured: besides.ms, bound: { atMost: MAX_IMPORT_MS } },
    );
  }
  return { suite: "cold", setup: "an import's median in fresh processes, less that of an empty module", rows, bars };
}

const urlOf = ({ file }: Bundle): string => pathToFileURL(file).href;

/**
 * The median import of each module over so many fresh processes. All modules take turns, so that a slow minute of the
 * machine is one of them all; a first round, which reads files from the disk, does not count.
 */
function timeImports(urls: readonly string[], runs: number, progress: Progress): ReadonlyMap<string, Import> {
  const imports = new Map(urls.map((url) => [url, [] as Import[]]));
  for (let round = 0; round <= runs; round++) {
    progress(`importing each function, round ${round} of ${runs}`);
    for (const [url, measured] of imports) {
      const once = importOnce(url);
      if (round > 0) measured.push(once);
    }
  }
  return new Map(
    [...imports].map(([url, all]) => [
      url,
      { ms: median(all.map(({ ms }) => ms)), cpuMs: median(all.map(({ cpuMs }) => cpuMs)) },
    ]),
  );
}

/**
 * What a function finds besides its environment: Lambda's runtime client gives it globals, and has loaded these itself.
 */
const RUNTIME = `
  globalThis.awslambda = { streamifyResponse: (handler) => handler, HttpResponseStream: {} };
  for (const name of ["fs", "http", "module", "net", "os", "path", "util", "worker_threads", "async_hooks"])
    process.getBuiltinModule(name);`;

function importOnce(url: string): Import {
  const program = `${RUNTIME}
    const startMs = performance.now();
    const start = process.cpuUsage();
    await import(${JSON.stringify(url)});
    const { user, system } = process.cpuUsage(start);
    process.stdout.write(JSON.stringify({ ms: performance.now() - startMs, cpuMs: (user + system) / 1000 }));
    process.exit();`;
  return JSON.parse(
    execFileSync(process.execPath, ["--input-type=module", "--eval", program], {
      cwd: join(import.meta.dirname, ".."),
      env: { ...process.env, ...ENVIRONMENT },
      encoding: "utf8",
    }),
  );
}
