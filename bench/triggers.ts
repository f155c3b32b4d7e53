import type { Event } from "#core/events/event.ts";
import { everyEvent, matches } from "#core/events/query/event-filter.ts";
import { DEFAULT_RATE_PER_SECOND, type Trigger } from "#core/triggers/trigger.ts";
import { indexTriggers } from "#core/triggers/trigger-index.ts";
import { uuidV7 } from "#core/uuid.ts";
import type { Ground } from "./ground.ts";
import type { SuiteReport } from "./report.ts";

const TRIGGERS = 10_000;
const EVENTS = 10_000;
/** The naive matcher looks at every trigger for every event: a part of them is enough to know its rate. */
const NAIVE_EVENTS = 200;

interface MatchFigures {
  readonly eventsPerSecond: number;
  readonly matchesPerEvent: number;
}

/** What it costs to find the triggers of an event, beside asking each trigger in turn. One core. */
export async function triggers({ progress }: Ground, rounds: number): Promise<SuiteReport> {
  const declared = someTriggers();
  const events = someEvents();
  const filters = declared.map(({ namespace, tags, type }) => ({
    ...everyEvent(namespace),
    tags,
    types: type === undefined ? [] : [type],
  }));
  const index = indexTriggers(declared);
  const indexed = bestOf(rounds, events, (event) => index.match(event).length, "indexed", progress);
  const naive = bestOf(
    Math.ceil(rounds / 4),
    events.slice(0, NAIVE_EVENTS),
    (event) => filters.filter((filter) => matches(filter, event)).length,
    "naive",
    progress,
  );
  return {
    suite: "triggers",
    setup: `${TRIGGERS} triggers: a gateway's metric, a service, a deployment and a type, or a type alone; events of 4 tags; one core, the best of ${rounds} rounds`,
    rows: Object.entries({ indexed, naive }).map(([what, { eventsPerSecond, matchesPerEvent }]) => ({
      what,
      figures: { "events/s": eventsPerSecond, "matches per event": matchesPerEvent },
      over: what === "naive" ? NAIVE_EVENTS : EVENTS,
    })),
    bars: [
      { what: "indexed, events/s", measured: indexed.eventsPerSecond, bound: { atLeast: 10_000 } },
      {
        what: "indexed, times as fast as naive",
        measured: indexed.eventsPerSecond / naive.eventsPerSecond,
        bound: { atLeast: 100 },
      },
    ],
    named: { indexed, naive },
  };
}

function bestOf(
  rounds: number,
  events: readonly Event[],
  match: (event: Event) => number,
  name: string,
  progress: (text: string) => void,
): MatchFigures {
  let best: MatchFigures = { eventsPerSecond: 0, matchesPerEvent: 0 };
  for (let round = 1; round <= rounds; round++) {
    progress(`triggers, ${name}, round ${round} of ${rounds}`);
    const startMs = performance.now();
    let found = 0;
    for (const event of events) found += match(event);
    const eventsPerSecond = (events.length * 1000) / (performance.now() - startMs);
    if (eventsPerSecond > best.eventsPerSecond) best = { eventsPerSecond, matchesPerEvent: found / events.length };
  }
  return best;
}

const GATEWAYS = 200;
const SERVICES = 1000;
const TYPES = ["metrics", "health", "event", "synchronization"];

/** Of each hundred one hears a whole type of its own: most triggers are for one thing among many. */
function someTriggers(): Trigger[] {
  return Array.from({ length: TRIGGERS }, (_, index) => {
    const gateway = `gateways:${index % GATEWAYS}`;
    const service = `services:${index % SERVICES}`;
    const type = TYPES[index % TYPES.length] as string;
    if (index % 100 === 0) return trigger(index, [], `custom-${index}`);
    if (index % 3 === 0) return trigger(index, [gateway, "metrics", `metrics:${index % 7}`]);
    if (index % 3 === 1) return trigger(index, ["services", service]);
    return trigger(index, [`deployments:${index % 500}`], type);
  });
}

const trigger = (index: number, tags: readonly string[], type?: string): Trigger => ({
  namespace: "default",
  kind: "triggers",
  name: `trigger-${index}`,
  version: 1,
  tags,
  ...(type !== undefined && { type }),
  target: { webhook: { url: "https://receiver.example/", secrets: [] } },
  ratePerSecond: DEFAULT_RATE_PER_SECOND,
  enabled: true,
});

function someEvents(): Event[] {
  const receivedAtMs = Date.UTC(2026, 10, 22);
  return Array.from({ length: EVENTS }, (_, index) => ({
    id: uuidV7(receivedAtMs),
    namespace: "default",
    type: TYPES[index % TYPES.length] as string,
    tags:
      index % 2 === 0
        ? ["gateways", `gateways:${index % GATEWAYS}`, "metrics", `metrics:${index % 7}`]
        : ["services", `services:${index % SERVICES}`, "deployments", `deployments:${index % 700}`],
    timestamp: "2026-11-22T00:00:00.000Z",
    timestampMs: receivedAtMs,
    receivedAtMs,
  }));
}
