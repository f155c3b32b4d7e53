import assert from "node:assert/strict";
import { TWO_A_MINUTE } from "#core/workflows/window.ts";
import { BASE_PATH } from "#functions/routes.ts";
import { putArtifact } from "./check-artifacts.ts";
import type { DeployedPulse } from "./deployed-pulse.ts";
import { eventually, sleepUntil } from "./eventually.ts";
import type { Report } from "./report.ts";

/** `22/Nov/2026:17:50:46.022`, of now: a gateway whose lines are older than they are kept has no dashboard. */
function acceptDate(): string {
  const [, day, month, year, time] = /^\w+, (\d+) (\w+) (\d+) ([\d:]+)/.exec(new Date().toUTCString()) ?? [];
  return `${day}/${month}/${year}:${time}.000`;
}

const lineOf = (gateway: string, status: number, tookMs: number): string =>
  `<134>Mar 15 12:00:00 edge-1 haproxy[9]: 192.0.2.7:40001 [${acceptDate()}] ${gateway} app/a1 0/0/1/2/${tookMs} ${status} 77 - - ---- 1/1/0/0/0 0/0 "GET / HTTP/1.1"`;

const LINES = [lineOf("till", 200, 10), lineOf("till", 200, 20), lineOf("cellar", 503, 5)];

/** Its name. */
export const MEASURED_DEPLOYMENT = "sava";

const DEPLOYMENT = {
  clusters: { web: { services: [{ breed: "shop:1.0", scale: { cpu: 0.5, memory: "512MB", instances: 2 } }] } },
};

/** Some time before what they come to is checked; answers when. */
export const postLines = (pulse: DeployedPulse, report: Report): Promise<number> =>
  report.need("lines of two gateways are posted, and a deployment is put", () => post(pulse));

/** What Pulse does by itself: here its functions are called as their schedules would. */
export async function checkWorkflows(pulse: DeployedPulse, report: Report, postedAtMs: number): Promise<void> {
  // The window that the lines belong to is over then, and due.
  await sleepUntil(endOfWindow(postedAtMs) + TWO_A_MINUTE.graceMs);
  await report.check("measure-health and measure-metrics measure the window; called once more, they add nothing", () =>
    measures(pulse),
  );
  await report.check("the views answer what was measured", () => answersViews(pulse));
  await report.check("the dashboards have the gateways that lines tell of", () => draws(pulse));
}

async function post(pulse: DeployedPulse): Promise<number> {
  const deployed = await putArtifact(pulse, `deployments/${MEASURED_DEPLOYMENT}`, DEPLOYMENT);
  assert.equal(deployed.status, 201, await deployed.text());
  const answer = await pulse.api(`${BASE_PATH}/haproxy/logs?source=measured`, {
    method: "POST",
    headers: { "content-type": "text/plain" },
    body: LINES.map((line) => `${line}\n`).join(""),
  });
  assert.equal(answer.status, 200, await answer.text());
  await eventually(async () => {
    const found = await pulse.ask<unknown[]>("/events?type=haproxy&tag=sources:measured");
    assert.equal(found.length, LINES.length);
  });
  return Date.now();
}

const endOfWindow = (ms: number): number => Math.ceil(ms / TWO_A_MINUTE.everyMs) * TWO_A_MINUTE.everyMs;

async function measures(pulse: DeployedPulse): Promise<void> {
  for (const folder of ["measure-health", "measure-metrics", "measure-health", "measure-metrics"])
    await pulse.call(folder);

  const ofTill = [
    "/events?type=health&tag=gateways:till&tag=gateway",
    "/events?type=metrics&tag=gateways:till&tag=metrics:rate&tag=gateway",
  ];
  for (const path of ofTill)
    await eventually(async () => assert.equal((await pulse.ask<unknown[]>(path)).length, 1, path));
}

async function answersViews(pulse: DeployedPulse): Promise<void> {
  const views = {
    "/health/gateways/till": 1,
    "/health/gateways/cellar": 0,
    "/metrics/gateways/till/responseTime": 15,
    "/metrics/gateways/till/errorRatio": 0,
    "/metrics/gateways/cellar/errorRatio": 1,
    [`/health/deployments/${MEASURED_DEPLOYMENT}`]: 1,
  };
  await eventually(async () => {
    const answers = await Promise.all(Object.keys(views).map((path) => pulse.ask<number>(path)));
    assert.deepEqual(answers, Object.values(views));
  });
}

/** In what stands for OpenSearch Dashboards here. */
async function draws(pulse: DeployedPulse): Promise<void> {
  await pulse.call("update-dashboards");

  const titles = [...pulse.dashboards.objects.values()]
    .filter(({ type }) => type === "dashboard")
    .map(({ attributes }) => String(attributes.title));
  for (const gateway of ["till", "cellar"])
    assert.ok(
      titles.some((title) => title.includes(gateway)),
      `no dashboard for ${gateway}: ${titles.join(", ")}`,
    );
}
