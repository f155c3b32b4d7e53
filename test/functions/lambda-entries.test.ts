import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "@jest/globals";

const ROOT = join(import.meta.dirname, "..", "..");

/**
 * Imports entries as the runtime does, and tells of each what it exports and
 * which AWS clients it loads, or its failure.
 */
const IMPORTER = `
  import { registerHooks } from "node:module";
  let clients = [];
  registerHooks({
    resolve(specifier, context, next) {
      if (/^@aws-sdk\\/client-[^/]+$/.test(specifier)) clients.push(specifier);
      return next(specifier, context);
    },
  });
  globalThis.awslambda = { streamifyResponse: (handler) => handler, HttpResponseStream: {} };
  const entries = {};
  for (const name of process.argv.slice(1)) {
    clients = [];
    entries[name] = await import("#functions/" + name + "/lambda.ts").then(
      ({ handler }) => ({ handler: typeof handler, clients }),
      (error) => ({ failure: String(error) }),
    );
  }
  process.stdout.write(JSON.stringify(entries));
  process.exit();
`;

interface Entry {
  readonly handler?: string;
  readonly clients?: readonly string[];
  readonly failure?: string;
}

/** In a process of its own: an environment is read once, when an entry is imported. */
async function importEntries(
  names: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Readonly<Record<string, Entry>>> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", "--input-type=module", "-e", IMPORTER, ...names],
    { cwd: ROOT, env },
  );
  return JSON.parse(stdout);
}

const ENVIRONMENT = {
  PULSE_OPENSEARCH_URL: "https://search.example",
  AWS_REGION: "eu-central-1",
  PULSE_EVENTS_STREAM: "events",
  PULSE_HAPROXY_LOGS_STREAM: "haproxy-logs",
  PULSE_KEYS_TABLE: "keys",
  PULSE_DEAD_LETTERS_BUCKET: "dead",
  PULSE_ARTIFACTS_TABLE: "artifacts",
  PULSE_PAUSED_TRIGGERS_TABLE: "paused",
  PULSE_DELIVERIES_URL: "https://sqs.example/1/deliveries",
  PULSE_DEAD_DELIVERIES_URL: "https://sqs.example/1/dead",
  PULSE_TRIGGER_BUS: "bus",
  PULSE_AUTH: "oidc",
  PULSE_OIDC_ISSUER: "https://login.example",
  PULSE_OIDC_AUDIENCE: "pulse",
  PULSE_API_KEYS_TABLE: "api-keys",
  PULSE_DASHBOARDS_URL: "https://search.example/_dashboards",
};

const NEEDED: Readonly<Record<string, readonly (keyof typeof ENVIRONMENT)[]>> = {
  "create-events": ["PULSE_EVENTS_STREAM", "PULSE_KEYS_TABLE"],
  "receive-haproxy-logs": ["PULSE_HAPROXY_LOGS_STREAM"],
  "query-events": ["PULSE_OPENSEARCH_URL", "AWS_REGION"],
  "aggregate-events": ["PULSE_OPENSEARCH_URL", "AWS_REGION"],
  "stream-events": ["PULSE_OPENSEARCH_URL", "AWS_REGION", "PULSE_AUTH"],
  "authorize-request": ["PULSE_OIDC_ISSUER", "PULSE_OIDC_AUDIENCE", "PULSE_API_KEYS_TABLE"],
  "put-artifact": ["PULSE_ARTIFACTS_TABLE"],
  "read-artifacts": ["PULSE_ARTIFACTS_TABLE", "PULSE_OPENSEARCH_URL", "AWS_REGION"],
  "describe-api": ["PULSE_OPENSEARCH_URL", "AWS_REGION"],
  "index-events": ["PULSE_OPENSEARCH_URL", "AWS_REGION", "PULSE_DEAD_LETTERS_BUCKET"],
  "index-haproxy-logs": ["PULSE_OPENSEARCH_URL", "AWS_REGION", "PULSE_DEAD_LETTERS_BUCKET"],
  "publish-archive": ["PULSE_EVENTS_STREAM", "PULSE_DEAD_LETTERS_BUCKET"],
  "install-index-templates": ["PULSE_OPENSEARCH_URL", "AWS_REGION"],
  "grant-index-access": ["PULSE_OPENSEARCH_URL", "AWS_REGION"],
  "run-triggers": [
    "PULSE_ARTIFACTS_TABLE",
    "PULSE_PAUSED_TRIGGERS_TABLE",
    "PULSE_EVENTS_STREAM",
    "PULSE_DELIVERIES_URL",
  ],
  "deliver-webhooks": ["PULSE_ARTIFACTS_TABLE", "PULSE_DEAD_DELIVERIES_URL", "PULSE_TRIGGER_BUS"],
  "publish-ticks": ["PULSE_ARTIFACTS_TABLE", "PULSE_EVENTS_STREAM"],
  "update-dashboards": ["PULSE_OPENSEARCH_URL", "AWS_REGION", "PULSE_ARTIFACTS_TABLE", "PULSE_DASHBOARDS_URL"],
  "measure-health": ["PULSE_EVENTS_STREAM", "PULSE_ARTIFACTS_TABLE", "PULSE_OPENSEARCH_URL", "AWS_REGION"],
  "measure-metrics": ["PULSE_EVENTS_STREAM", "PULSE_ARTIFACTS_TABLE", "PULSE_OPENSEARCH_URL", "AWS_REGION"],
  "measure-allocation": ["PULSE_EVENTS_STREAM", "PULSE_ARTIFACTS_TABLE"],
  "refuse-unmatched": [],
};
/** Those that put what they are given into a stream. */
const WRITERS = new Set([
  "create-events",
  "receive-haproxy-logs",
  "publish-archive",
  "run-triggers",
  "deliver-webhooks",
  "publish-ticks",
  "measure-health",
  "measure-metrics",
  "measure-allocation",
]);
const names = Object.keys(NEEDED);
const needy = names.filter((name) => NEEDED[name]?.length !== 0);

const complete = await importEntries(names, ENVIRONMENT);
const incomplete = await importEntries(needy, {});

describe("the entry for Lambda", () => {
  test("of create-events is seen to load its client", () => {
    expect(complete["create-events"]?.clients).toContain("@aws-sdk/client-kinesis");
  });

  test.each(names)("of %s is a function, and loads one AWS client at most", (name) => {
    const { handler, clients, failure } = complete[name] as Entry;

    expect({ handler, failure }).toEqual({ handler: "function", failure: undefined });
    // Only the first of a process's entries is seen to load a client.
    const allowed = WRITERS.has(name) ? ["@aws-sdk/client-kinesis"] : [];
    expect(allowed).toEqual(expect.arrayContaining([...new Set(clients)]));
  });

  test.each(needy)("of %s names every variable that it misses", (name) => {
    expect(incomplete[name]?.failure).toContain(`the environment of ${name} is not usable`);
    for (const variable of NEEDED[name] ?? []) expect(incomplete[name]?.failure).toContain(`${variable}: `);
  });

  test("needs no region where requests are not signed", async () => {
    const env = { PULSE_OPENSEARCH_URL: "http://127.0.0.1:9200", PULSE_OPENSEARCH_AUTH: "none" };

    const { "query-events": entry } = await importEntries(["query-events"], env);

    expect(entry?.handler).toBe("function");
  });
});
