import { createSocket } from "node:dgram";
import { readFile } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { type LocalPulse, startLocalPulse } from "#dev/local-pulse.ts";
import { BASE_PATH } from "#functions/routes.ts";

const HELP = `Shows Pulse at work: starts it, sends HAProxy's lines over UDP and events over HTTP, and asks what became of them.

  npm run demo -- [options]

  --opensearch <url>  keep the events in this OpenSearch instead of in memory
  --help

Example: npm run demo
`;

const LINES = join(import.meta.dirname, "..", "test", "fixtures", "haproxy", "lines.txt");
const SHOWN_FRAMES = 4;

async function demo(openSearchUrl: string | undefined): Promise<void> {
  const pulse = await startLocalPulse({
    port: 0,
    data: ":memory:",
    syslogPort: 0,
    syslogZone: "UTC",
    namespaces: [],
    viewWindowMs: 30_000,
    ...(openSearchUrl === undefined ? {} : { openSearchUrl }),
  });
  try {
    await show(pulse);
  } finally {
    await pulse.close();
  }
}

async function show(pulse: LocalPulse): Promise<void> {
  say(`Pulse listens on ${pulse.url}, and for HAProxy's syslog on UDP port ${pulse.syslogPort}.`);

  const live = watch(`${pulse.url}${BASE_PATH}/events/stream?tag=gateways:shop`);
  await live.opened;
  const lines = await sendLines(pulse.syslogPort as number);
  await post(pulse, deployments());
  const receipt = await post(pulse, measurements());
  await allIndexed(pulse, lines);
  say(`${lines} lines were sent over UDP, ${deployments().length + measurements().length} events over HTTP.`);

  const after = `after=${receipt}`;
  await ask(pulse, `/events?tag=deployments&per_page=2&${after}`, "The newest deployments");
  await ask(pulse, `/events/aggregate?tag=metrics:responseTime&aggregator=average&${after}`, "Average response time");
  const failed = {
    type: "haproxy",
    value: { ST: { gte: 500 } },
    aggregator: { type: "count" },
    groupBy: "tag:servers",
  };
  await ask(
    pulse,
    `/events/aggregate?q=${encodeURIComponent(JSON.stringify(failed))}`,
    "5xx answers by server, from the logs",
  );
  const times = {
    type: "haproxy",
    aggregator: { type: "percentiles", field: "Ta", percents: [50, 99] },
    groupBy: "tag:gateways",
  };
  await ask(
    pulse,
    `/events/aggregate?q=${encodeURIComponent(JSON.stringify(times))}`,
    "Total time of requests, ms, by gateway",
  );
  await ask(pulse, "/health/gateways/shop", "Is the gateway healthy?");
  await ask(pulse, "/event-types", "What there is");

  say(`\nMeanwhile on GET ${BASE_PATH}/events/stream?tag=gateways:shop`);
  await live.enough;
  say(
    live
      .text()
      .split("\n\n")
      .slice(0, SHOWN_FRAMES + 1)
      .join("\n\n")
      .replaceAll(/^/gm, "    "),
  );
  live.close();
}

const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

const deployments = () =>
  ["front", "cart", "payment"].map((service, index) => ({
    type: "synchronization",
    tags: [`deployments:shop`, `services:${service}:1.${index}.0`, "synchronization:deployed"],
  }));

const measurements = () =>
  Array.from({ length: 10 }, (_, index) => [
    { type: "metrics", tags: ["gateways:shop", "gateway", "metrics:responseTime"], value: 40 + 3 * index },
    { type: "health", tags: ["gateways:shop", "gateway", "health"], value: index % 4 === 3 ? 0 : 1 },
  ]).flat();

async function sendLines(port: number): Promise<number> {
  const lines = (await readFile(LINES)).toString("latin1").split("\n").slice(0, -1);
  const socket = createSocket("udp4");
  for (const line of lines) {
    await new Promise<void>((resolve, reject) =>
      socket.send(Buffer.from(`${line}\n`, "latin1"), port, "127.0.0.1", (error) =>
        error ? reject(error) : resolve(),
      ),
    );
  }
  socket.close();
  return lines.length;
}

async function post(pulse: LocalPulse, events: readonly object[]): Promise<string> {
  const response = await fetch(`${pulse.url}${BASE_PATH}/events`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(events),
  });
  if (!response.ok) throw new Error(`POST answered ${response.status}: ${await response.text()}`);
  return response.headers.get("pulse-receipt") ?? "";
}

/** UDP has no answer: the lines are there when they are counted. */
async function allIndexed(pulse: LocalPulse, lines: number): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const response = await fetch(`${pulse.url}${BASE_PATH}/events?type=haproxy&per_page=1`);
    if (Number(response.headers.get("x-total-count")) >= lines) return;
    await pause(50);
  }
  throw new Error(`not all of the ${lines} lines became events within 5 s`);
}

async function ask(pulse: LocalPulse, target: string, question: string): Promise<void> {
  const response = await fetch(`${pulse.url}${BASE_PATH}${target}`);
  say(
    `\n${question}\n  GET ${BASE_PATH}${decodeURIComponent(target).replace(/&?after=[^&]*/, "")}\n    ${await response.text()}`,
  );
}

function watch(url: string) {
  let text = "";
  let open = () => {};
  let full = () => {};
  const outgoing = request(url, (incoming) =>
    incoming.on("data", (chunk: Buffer) => {
      text += chunk;
      open();
      if (text.split("\n\n").length > SHOWN_FRAMES) full();
    }),
  );
  outgoing.on("error", () => {});
  outgoing.end();
  return {
    opened: new Promise<void>((resolve) => {
      open = resolve;
    }),
    enough: new Promise<void>((resolve) => {
      full = resolve;
    }),
    text: () => text,
    close: () => outgoing.destroy(),
  };
}

const { values } = parseArgs({ options: { opensearch: { type: "string" }, help: { type: "boolean", short: "h" } } });
if (values.help) process.stdout.write(HELP);
else await demo(values.opensearch);
