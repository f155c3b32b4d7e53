import type { EventJournal } from "#core/events/event-journal.ts";
import type { EventQuery, EventStore } from "#core/events/event-store.ts";
import { everyEvent } from "#core/events/query/event-filter.ts";
import { appendAll } from "#core/workflows/append-all.ts";
import { type Declarations, declaredTopology, type TopologyAt } from "#core/workflows/declared-topology.ts";
import { measureHealth } from "#core/workflows/measure-health.ts";
import { measureMetrics } from "#core/workflows/measure-metrics.ts";
import { type Measurement, measuredEventId, toMeasuredEvent } from "#core/workflows/measured-event.ts";
import { countLines, readTraffic } from "#core/workflows/read-traffic.ts";
import type { Topology } from "#core/workflows/topology.ts";
import type { Traffic } from "#core/workflows/traffic.ts";
import { dueWindows, type Rhythm, type Window } from "#core/workflows/window.ts";

/** What measures gateways by their lines. */
export type LineWorkflow = "health" | "metrics";

const MEASURES: Readonly<
  Record<LineWorkflow, (traffic: Traffic, topology: Topology, window: Window) => Measurement[]>
> = { health: measureHealth, metrics: measureMetrics };

/** What workflows work with. */
export interface Measuring extends Declarations {
  readonly store: EventStore;
  readonly journal: EventJournal;
  readonly rhythm: Rhythm;
  readonly now: () => number;
}

/** What a run did. */
export interface Measured {
  readonly windows: number;
  readonly events: number;
  /** Lines of windows that lie too far back to be measured. */
  readonly linesGivenUp: number;
  /** Lines that came when the window that they belong to had been measured. */
  readonly linesLate: number;
}

/**
 * Measures the windows of a namespace that are due and not measured, oldest first. Behind the events of each stands one
 * that says that it was measured, by which the next run knows where to go on; a window without gateways needs none. Run
 * twice or side by side, it publishes the same events, which are kept once. Throws `unavailable`, and then the next run
 * goes on with the window that was not finished.
 */
export async function measureLines(workflow: LineWorkflow, namespace: string, measuring: Measuring): Promise<Measured> {
  const { store, rhythm } = measuring;
  const nowMs = measuring.now();
  const lastEndMs = await lastMeasured(store, workflow, namespace, nowMs);
  const { windows, givenUp } = dueWindows(rhythm, nowMs, lastEndMs);
  const [first, last] = [windows[0], windows.at(-1)];
  if (first === undefined || last === undefined) return NOTHING_DUE;
  const topologyAt = await declaredTopology(namespace, measuring);
  const linesGivenUp = givenUp === undefined ? 0 : await countLines(store, namespace, givenUp);
  const isSilent = (await countLines(store, namespace, { fromMs: first.fromMs, toMs: last.toMs })) === 0;
  const run: WindowRun = { workflow, namespace, measuring, topologyAt, isSilent };
  let events = 0;
  let linesLate = 0;
  for (const window of windows) {
    // Where lines were given up the mark is always written, so that they are counted as given up only once.
    const measured = await measureWindow(window, run, linesGivenUp > 0 && window === first);
    events += measured.events;
    linesLate += measured.linesLate;
  }
  return { windows: windows.length, events, linesGivenUp, linesLate };
}

const NOTHING_DUE: Measured = { windows: 0, events: 0, linesGivenUp: 0, linesLate: 0 };

interface WindowRun {
  readonly workflow: LineWorkflow;
  readonly namespace: string;
  readonly measuring: Measuring;
  readonly topologyAt: TopologyAt;
  /** Whether no window of the run has a line. */
  readonly isSilent: boolean;
}

async function measureWindow(
  window: Window,
  run: WindowRun,
  isMarked: boolean,
): Promise<Pick<Measured, "events" | "linesLate">> {
  const { workflow, namespace, measuring, topologyAt, isSilent } = run;
  const { store, journal, rhythm } = measuring;
  const topology = topologyAt(window.toMs);
  const isQuiet = isSilent || (await countLines(store, namespace, window)) === 0;
  // Counted before the figures are read: a line that comes in between is then at worst counted as late. Counted after,
  // it could be in no figure, unnoticed.
  const lines = isQuiet ? 0 : await countLines(store, namespace, sliceOf(window, rhythm));
  const servers = topology.gateways.length > 0;
  const traffic: Traffic = isQuiet
    ? new Map()
    : await readTraffic(store, { namespace, window, times: workflow === "metrics", servers });
  const measurements = MEASURES[workflow](traffic, topology, window);
  if (measurements.length === 0 && !isMarked) return { events: 0, linesLate: 0 };
  const late = await countLate(window, run);
  const toEvent = (measurement: Measurement) => toMeasuredEvent(namespace, window, measurement);
  await appendAll(journal, measurements.map(toEvent));
  await appendAll(journal, [toEvent({ ...markOf(workflow), value: { ...told(window), lines, late } })]);
  return { events: measurements.length, linesLate: late };
}

/**
 * The part of a window that the window before does not cover: slices of time follow each other without gap or overlap.
 */
const sliceOf = ({ toMs }: Window, { everyMs }: Rhythm): Window => ({ fromMs: toMs - everyMs, toMs });

const told = ({ fromMs, toMs }: Window) => ({
  from: new Date(fromMs).toISOString(),
  to: new Date(toMs).toISOString(),
});

/** Of the event that says that a window was measured. */
const markOf = (workflow: LineWorkflow): Pick<Measurement, "type" | "tags"> => ({
  type: "workflow",
  tags: [`workflows:${workflow}`, "measured"],
});

/**
 * The end of the last window that was measured before an instant. Marks of the future, left
 * by a clock that was ahead, do not count.
 */
async function lastMeasured(
  store: EventStore,
  workflow: LineWorkflow,
  namespace: string,
  beforeMs: number,
): Promise<number | undefined> {
  const { type, tags } = markOf(workflow);
  const marks: EventQuery = { ...everyEvent(namespace), types: [type], tags, toMs: beforeMs };
  const { events } = await store.search(marks, { offset: 0, limit: 1 });
  return events[0]?.timestampMs;
}

/** How long after a window it is looked once more for lines of it that came too late. */
const LATE_AFTER_MS = 5 * 60_000;

/** How many lines have come of the slice that ended a while ago, since it was measured: they are in no figure. */
async function countLate(window: Window, { workflow, namespace, measuring }: WindowRun): Promise<number> {
  const { store, rhythm } = measuring;
  const slice = sliceOf({ fromMs: 0, toMs: window.toMs - LATE_AFTER_MS }, rhythm);
  const lines = await countLines(store, namespace, slice);
  if (lines === 0) return 0;
  const earlier = { fromMs: slice.toMs - rhythm.windowMs, toMs: slice.toMs };
  const mark = await store.find(namespace, measuredEventId(namespace, earlier, markOf(workflow)));
  if (mark?.value !== undefined) return Math.max(0, lines - (JSON.parse(mark.value) as { lines: number }).lines);
  // Nothing was seen of the window then: the workflow did not run yet, or all of its lines came later.
  return (await lastMeasured(store, workflow, namespace, slice.toMs)) === undefined ? 0 : lines;
}
