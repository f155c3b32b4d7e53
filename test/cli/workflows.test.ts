import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { type ServedPulse, servePulse } from "#dev/served-pulse.ts";
import { httplogLine } from "#test/support/samples/log-records.ts";
import { temporaryFolder } from "#test/support/temporary-folder.ts";
import { until } from "#test/support/until.ts";

jest.setTimeout(60_000);

const EVERY_MS = 5000;

const postLines = (url: string, lines: readonly string[]): Promise<Response> =>
  fetch(`${url}/api/v1/haproxy/logs`, {
    method: "POST",
    headers: { "content-type": "text/plain" },
    body: lines.join("\n"),
  });

const view = async (url: string, path: string): Promise<number | string> => {
  const response = await fetch(`${url}/api/v1${path}`);
  return response.ok ? ((await response.json()) as number) : `${response.status}`;
};

describe("pulse serve", () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let pulse: ServedPulse;

  beforeEach(async () => {
    folder = await temporaryFolder();
    const own = ["--port", "0", "--syslog", "0", "--data", folder.path];
    pulse = await servePulse([...own, "--measure-every", "5s", "--view-window", "300"]);
  });
  afterEach(async () => {
    await pulse.kill();
    await folder.remove();
  });

  test("answers health and metrics of a gateway, of a window that ends five seconds after its lines came at most", async () => {
    const gateway = `shop-${Date.now()}`;
    const lines = [200, 200, 503].map((status) => httplogLine({ frontend: gateway, status, ta: 12 }));

    await postLines(pulse.url, lines);
    const postedAtMs = Date.now();
    await until(async () => (await view(pulse.url, `/metrics/gateways/${gateway}/rate`)) !== "404");
    await until(async () => (await view(pulse.url, `/health/gateways/${gateway}`)) !== "404");
    const published = await fetch(`${pulse.url}/api/v1/events?tag=gateways:${gateway}&tag=metrics:rate&tag=gateway`);
    const first = ((await published.json()) as { timestamp: string }[]).at(-1);

    expect(Date.parse(first?.timestamp as string) - postedAtMs).toBeLessThanOrEqual(EVERY_MS);
    expect(await view(pulse.url, `/health/gateways/${gateway}`)).toBe(0);
    expect(await view(pulse.url, `/metrics/gateways/${gateway}/rate`)).toBe(0.1);
    expect(await view(pulse.url, `/metrics/gateways/${gateway}/responseTime`)).toBe(12);
    expect(await view(pulse.url, `/metrics/gateways/${gateway}/responseTime:p95`)).toBe(12);
    expect(await view(pulse.url, `/metrics/gateways/${gateway}/errorRatio`)).toBe(0.33);
  });
});
