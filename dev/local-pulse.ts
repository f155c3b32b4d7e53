import { parseSource } from "#core/artifacts/read-source.ts";
import { systemClock } from "#core/clock.ts";
import type { EventIntake } from "#core/events/create-events.ts";
import type { EventFeeds } from "#core/events/stream/event-feed.ts";
import type { LogJournal } from "#core/haproxy/logs/log-journal.ts";
import type { ReadSource } from "#core/workflows/declared-topology.ts";
import type { Measuring } from "#core/workflows/measure-lines.ts";
import { installAwsLambda } from "#dev/awslambda.ts";
import { listenForHaproxyLogs } from "#dev/haproxy-intake.ts";
import { type Engine, type EngineOptions, openEmbedded, openWithOpenSearch, reportError } from "#dev/local-engine.ts";
import { type HttpHandlers, serveHttp } from "#dev/local-server.ts";
import { LOCAL_EGRESS, refuseLocalTarget, startLocalTriggers } from "#dev/local-triggers.ts";
import { type LocalWorkflows, runWorkflows } from "#dev/local-workflows.ts";
import type { SyslogListener } from "#dev/syslog-listener.ts";
import { aggregateEventsHandler } from "#functions/aggregate-events/aggregate-events.ts";
import { createEventsHandler } from "#functions/create-events/create-events.ts";
import { describeApiHandler } from "#functions/describe-api/describe-api.ts";
import { measureAllocationHandler } from "#functions/measure-allocation/measure-allocation.ts";
import { measureHealthHandler } from "#functions/measure-health/measure-health.ts";
import { measureMetricsHandler } from "#functions/measure-metrics/measure-metrics.ts";
import { putArtifactHandler } from "#functions/put-artifact/put-artifact.ts";
import { queryEventsHandler } from "#functions/query-events/query-events.ts";
import { readArtifactsHandler } from "#functions/read-artifacts/read-artifacts.ts";
import { receiveHaproxyLogsHandler } from "#functions/receive-haproxy-logs/receive-haproxy-logs.ts";
import { refuseUnmatchedHandler } from "#functions/refuse-unmatched/refuse-unmatched.ts";
import { admitEveryone } from "#functions/shared/auth/admit.ts";
import { triggerChecks } from "#functions/shared/triggers/trigger-checks.ts";
import { streamEventsHandler } from "#functions/stream-events/stream-events.ts";

export interface LocalPulseOptions extends EngineOptions {
  /** 0 takes a free one. */
  readonly port: number;
  /** A real OpenSearch to keep events in; without one they are kept in the data folder. */
  readonly openSearchUrl?: string;
  /** Where HAProxy's syslog is listened for (UDP and TCP); undefined listens nowhere, 0 takes a free port. */
  readonly syslogPort?: number;
  /** The time zone that gateways write their logs in. */
  readonly syslogZone: string;
  /** Declared besides `default`. */
  readonly namespaces: readonly string[];
  /** How far back the views of health and metrics look. */
  readonly viewWindowMs: number;
  /** How often the workflows measure gateways; undefined never. */
  readonly measureEveryMs?: number;
  /** How long a stream lasts; without, as long as its client. */
  readonly leaseMs?: number;
}

export interface LocalPulse {
  readonly url: string;
  readonly engine: "embedded" | "opensearch";
  readonly syslogPort: number | undefined;
  readonly feeds: EventFeeds;
  close(): Promise<void>;
}

const TIDY_EVERY_MS = 60 * 60 * 1000;

/** Runs all of Pulse in this process: the functions, behind HTTP, on engines that need nothing installed. */
export async function startLocalPulse(options: LocalPulseOptions): Promise<LocalPulse> {
  const { openSearchUrl } = options;
  const engine =
    openSearchUrl === undefined ? await openEmbedded(options) : await openWithOpenSearch(options, openSearchUrl);
  const { feeds } = engine;
  const intake: EventIntake = { journal: engine.journal, keys: engine.keys, now: Date.now };
  const closing: (() => Promise<void>)[] = [engine.close];
  try {
    const server = await serveHttp(handlersOf(options, intake, engine), options.port);
    closing.unshift(server.close);
    const triggers = startLocalTriggers({
      ...engine,
      namespaces: options.namespaces,
      parse: ({ source, format }) => parseSource(source, format),
      clock: systemClock,
      onError: reportError,
    });
    closing.unshift(triggers.close);
    const haproxy = await listenForLogs(options, engine.logs);
    if (haproxy !== undefined) closing.unshift(() => haproxy.close());
    const tidying = setInterval(() => {
      for (const { tidy } of [engine, triggers]) tidy().catch(reportError);
    }, TIDY_EVERY_MS);
    closing.unshift(async () => clearInterval(tidying));
    const workflows = measureGateways(options, engine);
    if (workflows !== undefined) closing.unshift(() => workflows.close());
    return {
      url: server.url,
      engine: engine.name,
      syslogPort: haproxy?.port,
      feeds,
      close: () => closeAll(closing),
    };
  } catch (error) {
    await closeAll(closing);
    throw error;
  }
}

function handlersOf(
  { namespaces, viewWindowMs, leaseMs, syslogZone: zone }: LocalPulseOptions,
  intake: EventIntake,
  { name, store, artifacts, feeds, logs, parse }: Engine,
): HttpHandlers {
  installAwsLambda();
  const { clock } = feeds;
  return {
    "create-events": createEventsHandler(namespaces, intake),
    "receive-haproxy-logs": receiveHaproxyLogsHandler({ namespaces, journal: logs, parse, now: clock.now, zone }),
    "query-events": queryEventsHandler({ namespaces, store, clock, viewWindowMs }),
    "aggregate-events": aggregateEventsHandler({ namespaces, store, clock }),
    "stream-events": streamEventsHandler({
      namespaces,
      feeds,
      admit: admitEveryone,
      ...(leaseMs === undefined ? {} : { leaseMs }),
    }),
    "put-artifact": putArtifactHandler({
      namespaces,
      artifacts,
      now: clock.now,
      checks: triggerChecks({ refuseHost: LOCAL_EGRESS.refuseHost, refuseTarget: refuseLocalTarget }),
    }),
    "read-artifacts": readArtifactsHandler({ namespaces, artifacts, store, clock }),
    "describe-api": describeApiHandler({ namespaces, store, clock, engines: { store: name, journal: "local" } }),
    "refuse-unmatched": refuseUnmatchedHandler(namespaces),
  };
}

/** What Vamp measured: the last half minute. */
const WINDOW_MS = 30_000;
/** A line is readable some milliseconds after it came, on OpenSearch a second. */
const GRACE_MS = 2000;
const CATCH_UP_MS = 15 * 60_000;

function measureGateways(
  { namespaces, measureEveryMs: everyMs }: LocalPulseOptions,
  { store, journal, artifacts }: Engine,
): LocalWorkflows | undefined {
  if (everyMs === undefined) return undefined;
  const rhythm = { everyMs, windowMs: Math.max(WINDOW_MS, everyMs), graceMs: GRACE_MS, catchUpMs: CATCH_UP_MS };
  const readSource: ReadSource = ({ source, format }) => parseSource(source, format);
  const measuring: Measuring = { store, journal, artifacts, readSource, rhythm, now: systemClock.now };
  return runWorkflows({
    functions: [
      measureHealthHandler(namespaces, measuring),
      measureMetricsHandler(namespaces, measuring),
      measureAllocationHandler(namespaces, measuring),
    ],
    everyMs,
    graceMs: GRACE_MS,
    clock: systemClock,
    onError: reportError,
  });
}

async function listenForLogs(
  { syslogPort, syslogZone }: LocalPulseOptions,
  journal: LogJournal,
): Promise<SyslogListener | undefined> {
  if (syslogPort === undefined) return undefined;
  return listenForHaproxyLogs({
    port: syslogPort,
    zone: syslogZone,
    journal,
    clock: systemClock,
    onError: reportError,
  });
}

async function closeAll(closing: readonly (() => Promise<void>)[]): Promise<void> {
  for (const close of closing) await close();
}
