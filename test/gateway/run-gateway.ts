import { closeSync, openSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openApiEvents } from "#cli/haproxy/api-events.ts";
import { HAPROXY_EVENT_TYPE } from "#core/events/types/event-types.ts";
import { fromLineBytes, type LineBytes } from "#core/haproxy/logs/log-record.ts";
import { bundleForwarder } from "#lib/bundle-forwarder.ts";
import { compareLines, type LineDifference } from "#test/gateway/compare-lines.ts";
import { gatewayConfig } from "#test/gateway/haproxy-config.ts";
import { type LineSink, openLineSink } from "#test/gateway/line-sink.ts";
import { openLyingReceiver } from "#test/gateway/lying-receiver.ts";
import { sendRequests } from "#test/gateway/send-requests.ts";
import { agentVictim, killAtMoments, serverVictim, type Victim } from "#test/gateway/victims.ts";
import { freePorts, openBackend, startHaproxy } from "#test/real-haproxy/haproxy.ts";
import { type Random, seededRandom } from "#test/support/random.ts";
import { type PulseRun, runPulse } from "#test/support/run-pulse.ts";
import { temporaryFolder } from "#test/support/temporary-folder.ts";

/** The ways from HAProxy to an agent; each has an agent of its own. */
export const WAYS = ["file", "ring", "udp"] as const;
export type Way = (typeof WAYS)[number];

/**
 * What is broken on purpose, in the agent that follows the file: it forgets up to where it has
 * sent, which its lines' ids make good; its whole spool is wiped, so that it begins anew; or its
 * receiver forgets a request that it has answered.
 */
export const SABOTAGES = ["forget-cursor", "wipe-spool", "swallow-request"] as const;
export type Sabotage = (typeof SABOTAGES)[number];

export interface GatewayOptions {
  readonly requests: number;
  /** How often each agent and the server is killed. */
  readonly kills: number;
  readonly rate: number;
  readonly seed: number;
  readonly ways: readonly Way[];
  /** A node to keep events in. @default the embedded store */
  readonly openSearchUrl?: string | undefined;
  readonly sabotage?: Sabotage | undefined;
  /** How long is waited for lines when none come any more. @default 120000 */
  readonly patienceMs?: number;
  readonly onProgress?: (text: string) => void;
}

/** What came of the lines that went one way. */
export interface WayResult extends LineDifference {
  readonly way: Way;
  readonly events: number;
  /** Events whose line could not be read. */
  readonly unparsed: number;
  readonly verify: PulseRun;
}

export interface GatewayResult {
  readonly requests: number;
  /** In the second sink, and how those in HAProxy's own file differ. */
  readonly lines: number;
  readonly file: LineDifference;
  readonly kills: number;
  readonly seconds: number;
  readonly ways: readonly WayResult[];
}

const ZONE = "UTC";
const NAMESPACE = "default";

/** A gateway under requests, its lines on their way to Pulse, and what carries them killed again and again. */
export async function runGateway(options: GatewayOptions): Promise<GatewayResult> {
  const startMs = performance.now();
  const folder = await temporaryFolder();
  const closing: (() => Promise<unknown>)[] = [folder.remove];
  try {
    const gateway = await openGateway(folder.path, options, closing);
    const kills = await runUnderKills(gateway, options);
    await settle(gateway, options);
    return {
      requests: options.requests,
      lines: gateway.sink.lines.length,
      file: compareLines(gateway.sink.lines, linesOfFile(gateway.logFile)),
      kills,
      ways: await Promise.all(options.ways.map((way) => resultOf(way, gateway))),
      seconds: (performance.now() - startMs) / 1000,
    };
  } finally {
    for (const close of closing.reverse()) await close().catch((error) => console.error(error));
  }
}

interface Gateway {
  readonly folder: string;
  readonly frontendPort: number;
  readonly logFile: string;
  readonly sink: LineSink;
  readonly server: Victim;
  readonly serverUrl: string;
  readonly agents: ReadonlyMap<Way, Victim>;
}

async function openGateway(
  folder: string,
  { ways, openSearchUrl, sabotage }: GatewayOptions,
  closing: (() => Promise<unknown>)[],
): Promise<Gateway> {
  const [frontend = 0, serverPort = 0, ring = 0, udp = 0] = await freePorts(4);
  const sink = await openLineSink(join(folder, "sink.log"));
  const backend = await openBackend();
  closing.push(sink.close, async () => {
    backend.server.close();
    backend.server.closeAllConnections();
  });

  const serverUrl = `http://127.0.0.1:${serverPort}`;
  const engine = openSearchUrl === undefined ? [] : ["--opensearch", openSearchUrl];
  const server = serverVictim(
    ["--port", serverPort, "--syslog", 0, "--data", join(folder, "pulse"), ...engine].map(String),
  );
  closing.push(server.kill);
  await server.start();

  const liar = sabotage === "swallow-request" ? await openLyingReceiver(serverUrl) : undefined;
  if (liar !== undefined) closing.push(liar.close);
  const logFile = join(folder, "haproxy.log");
  const bundle = join(folder, "pulse-forward.mjs");
  await bundleForwarder(bundle);
  const inputs: Record<Way, string[]> = {
    file: ["--file", logFile],
    ring: ["--tcp", `127.0.0.1:${ring}`],
    udp: ["--udp", `127.0.0.1:${udp}`],
  };
  const agents = new Map<Way, Victim>();
  const output = openSync(logFile, "a");
  for (const way of ways) {
    const to = way === "file" && liar !== undefined ? liar.url : serverUrl;
    const agent = agentVictim(bundle, [...inputs[way], ...agentOptions(folder, way, to)]);
    agents.set(way, agent);
    closing.push(agent.kill);
    await agent.start();
  }

  const ports = { frontend, backend: backend.port, sink: sink.port };
  const config = gatewayConfig({
    ...ports,
    ...(agents.has("ring") && { ring }),
    ...(agents.has("udp") && { udp }),
  });
  const haproxy = await startHaproxy(folder, { config, zone: ZONE, port: frontend, output });
  closeSync(output);
  closing.push(haproxy.stop);
  return { folder, frontendPort: frontend, logFile, sink, server, serverUrl, agents };
}

const DRAIN_SECONDS = "14";

const spoolOf = (folder: string, way: Way): string => join(folder, `spool-${way}`);

const agentOptions = (folder: string, way: Way, to: string): string[] => [
  ...["--to", to, "--spool", spoolOf(folder, way), "--source", sourceOf(way), "--namespace", NAMESPACE],
  ...["--zone", ZONE, "--status", "off", "--drain-seconds", DRAIN_SECONDS],
];

const sourceOf = (way: Way): string => `gateway-${way}`;

const sourceTag = (way: Way): string => `sources:${sourceOf(way)}`;

/** Requests, and kills at random moments meanwhile. Answers how many there were. */
async function runUnderKills(gateway: Gateway, options: GatewayOptions): Promise<number> {
  const { requests, kills, rate, seed, sabotage, onProgress = () => {} } = options;
  const random = seededRandom(seed);
  let sent = 0;
  const sentRequests = (): number => sent;
  const victims = [gateway.server, ...gateway.agents.values()];
  const killings = victims.map((victim) => {
    const isSabotaged = victim === gateway.agents.get("file") && sabotage !== undefined;
    const moments = momentsOf(random, kills, requests);
    return killAtMoments({
      ...{ victim, moments, sentRequests, random: seededRandom(random.integer(1, 2 ** 30)) },
      ...(isSabotaged && {
        whenReady: () => untilSent(gateway),
        whileDead: async () => damage(gateway.folder, sabotage),
      }),
    });
  });
  const traffic = sendRequests({
    ...{ port: gateway.frontendPort, requests, rate, random },
    onSent(count) {
      sent = count;
      onProgress(`${sent} of ${requests} requests`);
    },
  });
  const counts = await Promise.all([traffic.then(() => 0), ...killings]);
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Without anything sent there is nothing to forget. */
async function untilSent(gateway: Gateway): Promise<void> {
  const question = { type: HAPROXY_EVENT_TYPE, tags: [sourceTag("file")] };
  // The server may be dead at the moment.
  while (
    (await eventsOf(gateway)
      .count(question)
      .catch(() => 0)) === 0
  )
    await sleep(LOOK_MS);
}

const momentsOf = (random: Random, kills: number, requests: number): number[] =>
  Array.from({ length: kills }, () => random.integer(1, requests)).sort((one, other) => one - other);

function damage(folder: string, sabotage: Sabotage): void {
  const spool = spoolOf(folder, "file");
  if (sabotage === "forget-cursor") rmSync(join(spool, "cursor.json"), { force: true });
  if (sabotage === "wipe-spool") rmSync(spool, { recursive: true });
}

/** HAProxy's clients and timeouts have ended behind so long a silence. */
const SILENCE_MS = 3_000;
const PATIENCE_MS = 120_000;
const LOOK_MS = 250;

/**
 * Waits until HAProxy has logged all, and its file has become events; then ends the
 * agents in good order, and waits for the rest.
 */
async function settle(
  gateway: Gateway,
  { patienceMs = PATIENCE_MS, onProgress = () => {} }: GatewayOptions,
): Promise<void> {
  const { sink, agents } = gateway;
  const countEvents = async (): Promise<number> => {
    const count = await eventsOf(gateway).count({ type: HAPROXY_EVENT_TYPE, tags: [sourceTag("file")] });
    onProgress(`${count} events of ${sink.lines.length} lines`);
    return count;
  };
  await steady(async () => sink.lines.length, SILENCE_MS);
  if (agents.has("file")) await steady(countEvents, patienceMs, (count) => count >= sink.lines.length);
  await Promise.all([...agents.values()].map((agent) => agent.stop()));
  await untilIndexed(gateway);
}

/** Behind a line that comes last, all others are there: the local journal has one shard. */
async function untilIndexed({ serverUrl }: Gateway): Promise<void> {
  const logs = `${serverUrl}/api/v1/haproxy/logs?source=last`;
  const posted = await fetch(logs, { method: "POST", headers: { "content-type": "text/plain" }, body: "last" });
  const query = `${serverUrl}/api/v1/events?after=${posted.headers.get("pulse-receipt")}`;
  while ((await fetch(query)).status === NOT_YET);
}

const NOT_YET = 503;

/** Waits until the count is as it should be, or has not changed for so long. */
async function steady(count: () => Promise<number>, forMs: number, isEnough = (_: number) => false): Promise<void> {
  let last = -1;
  for (let sinceMs = Date.now(); Date.now() - sinceMs < forMs; await sleep(LOOK_MS)) {
    const now = await count();
    if (isEnough(now)) return;
    if (now !== last) sinceMs = Date.now();
    last = now;
  }
}

const eventsOf = ({ serverUrl }: Gateway) => openApiEvents({ url: `${serverUrl}/api/v1`, authorization: undefined });

const linesOfFile = (path: string): string[] => readFileSync(path, "utf8").split("\n").slice(0, -1);

async function resultOf(way: Way, gateway: Gateway): Promise<WayResult> {
  const lines: string[] = [];
  let unparsed = 0;
  const question = { type: HAPROXY_EVENT_TYPE, tags: [sourceTag(way)] };
  for await (const { tags, value } of eventsOf(gateway).every(question)) {
    lines.push(Buffer.from(fromLineBytes(value as LineBytes)).toString());
    if (tags.includes("format:unparsed")) unparsed++;
  }
  const verify = await runPulse([
    "haproxy",
    "verify",
    "--url",
    gateway.serverUrl,
    "--gateway",
    sourceOf(way),
    "--since",
    "1d",
  ]);
  return { way, events: lines.length, unparsed, verify, ...compareLines(gateway.sink.lines, lines) };
}
