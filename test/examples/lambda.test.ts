import { execFile } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { build, stop } from "esbuild";
import { type ServedPulse, servePulse } from "#dev/served-pulse.ts";
import { temporaryFolder } from "#test/support/temporary-folder.ts";

const EXAMPLES = join(import.meta.dirname, "..", "..", "examples");
const CREDENTIALS = { AWS_REGION: "eu-central-1", AWS_ACCESS_KEY_ID: "key", AWS_SECRET_ACCESS_KEY: "secret" };

let pulse: ServedPulse;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;

beforeAll(async () => {
  folder = await temporaryFolder();
  pulse = await servePulse(["--port", "0", "--syslog", "0", "--data", ":memory:"]);
});
afterAll(async () => {
  await stop();
  await pulse.stop();
  await folder.remove();
});

/**
 * Bundles an example's function as its stack does, and calls it once, as Lambda does: with an event and an environment.
 */
async function invoke(example: string, event: object, environment: Readonly<Record<string, string>>): Promise<void> {
  const outfile = join(folder.path, `${example}.mjs`);
  const entryPoints = [join(EXAMPLES, example, "lambda.ts")];
  await build({ entryPoints, outfile, bundle: true, platform: "node", target: "node24", format: "esm", minify: true });
  const script = `const { handler } = await import(${JSON.stringify(outfile)}); await handler(${JSON.stringify(event)});`;
  const env = { PULSE_URL: `${pulse.url}/`, ...CREDENTIALS, ...environment };
  await new Promise<void>((resolve, reject) => {
    execFile(process.execPath, ["--input-type=module", "-e", script], { env }, (error) =>
      error === null ? resolve() : reject(error),
    );
  });
}

const artifact = (path: string): string => `${pulse.url}/api/v1/artifacts/${path}`;
const headers = { "content-type": "application/json" };

async function put(path: string, value: object): Promise<void> {
  const response = await fetch(artifact(path), { method: "PUT", headers, body: JSON.stringify(value) });
  expect(response.ok).toBe(true);
}

const get = async (path: string): Promise<unknown> => (await fetch(artifact(path))).json();
/** After every change of these tests. */
const soon = (): string => new Date(Date.now() + 60_000).toISOString();

describe("the function of an example", () => {
  test("scales by what a trigger delivers", async () => {
    await put("scales/sava%2Fweb", { instances: 2, cpu: 1 });
    const environment = { SCALE: "sava/web", ABOVE_MS: "1000", BELOW_MS: "100", LEAST: "1", MOST: "5", SETTLE_MS: "0" };

    await invoke("auto-scaling", { type: "metrics", data: { id: "x", timestamp: soon(), value: 1500 } }, environment);

    expect(await get("scales/sava%2Fweb")).toEqual({ instances: 3, cpu: 1 });
  });

  test("takes a canary's requests back when its newest health is 0, and leaves other routes as they are", async () => {
    const other = { weight: "0%", condition: "beta" };
    await put("gateways/shop", { routes: { blue: { weight: "60%" }, green: { weight: "40%" }, other } });
    const tags = ["gateways:shop", "routes:green", "health"];
    const health = { type: "health", tags, value: 0, timestamp: soon() };
    await fetch(`${pulse.url}/api/v1/events`, { method: "POST", headers, body: JSON.stringify(health) });
    const environment = { GATEWAY: "shop", STABLE: "blue", CANARY: "green", STEP_PERCENT: "20", SETTLE_MS: "0" };

    await invoke("canary", {}, environment);

    expect(await get("gateways/shop")).toEqual({
      routes: { blue: { weight: "100%" }, green: { weight: "0%" }, other },
    });
  });

  test("throws what Pulse refuses, so that Lambda calls again", async () => {
    const environment = { SCALE: "unknown" };

    await expect(invoke("auto-scaling", { data: { timestamp: soon(), value: 1 } }, environment)).rejects.toThrow("404");
  });
});
