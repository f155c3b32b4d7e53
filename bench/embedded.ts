import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Event } from "#core/events/event.ts";
import type { EventQuery } from "#core/events/event-store.ts";
import type { Aggregation } from "#core/events/query/aggregation.ts";
import { everyEvent } from "#core/events/query/event-filter.ts";
import { expandTags } from "#core/events/tags.ts";
import { uuidV7 } from "#core/uuid.ts";
import { openLocalJournal } from "#journals/local/local-event-journal.ts";
import { openDatabase } from "#stores/embedded/database.ts";
import { EmbeddedEventStore } from "#stores/embedded/embedded-event-store.ts";

/*
 * What the embedded engine does on this machine: ingest through the journal, open, queries and aggregations.
 * `node bench/embedded.ts [--events 1000000] [--batch 500] [--scattered]`; scattered events come in no order of time.
 */

const { values } = parseArgs({
  options: {
    events: { type: "string", default: "1000000" },
    batch: { type: "string", default: "500" },
    scattered: { type: "boolean", default: false },
  },
});
const count = Number(values.events);
const batch = Number(values.batch);

const MONTH_MS = 31 * 24 * 60 * 60 * 1000;
const END_MS = Date.UTC(2026, 10, 22, 9, 30);
const START_MS = END_MS - MONTH_MS;
const TYPES = ["metrics", "health", "event", "allocation", "workflow", "deployed"];

let seed = 1;
function random(below: number): number {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return Math.floor((seed / 2 ** 32) * below);
}

/** Two to three tags as sent, about five with their generic ones; every hundredth value is an object. */
function someEvent(index: number): Event {
  const timestampMs = START_MS + (values.scattered ? random(MONTH_MS) : Math.floor((index / count) * MONTH_MS));
  const tags = [`gateways:gateway-${random(50)}`, `services:service-${random(400)}`];
  if (random(2) === 0) tags.push("metrics:responseTime");
  return {
    id: uuidV7(timestampMs),
    namespace: "default",
    type: TYPES[random(TYPES.length)] as string,
    tags: expandTags(tags),
    value: random(100) === 0 ? `{"cpu":{"load":${random(100)}},"memory":${random(9000)}}` : String(random(1000) / 10),
    timestamp: new Date(timestampMs).toISOString(),
    timestampMs,
    receivedAtMs: timestampMs,
  };
}

const report = (what: string, figure: string): void => console.log(`${what.padEnd(52)} ${figure}`);

interface Took {
  readonly ms: number;
  readonly cpuMs: number;
}

/** CPU time too: the one figure that does not change with what else the machine does. */
function stopwatch(): () => Took {
  const startMs = performance.now();
  const start = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(start);
    return { ms: performance.now() - startMs, cpuMs: (user + system) / 1000 };
  };
}

const rate = (events: number, { ms, cpuMs }: Took): string =>
  `${Math.round((events / ms) * 1000)}/s, ${Math.round((cpuMs / events) * 1000)} µs CPU each`;

const folder = mkdtempSync(join(tmpdir(), "pulse-bench-"));
const file = join(folder, "pulse.db");

function open() {
  const database = openDatabase(file);
  const store = new EmbeddedEventStore({ database });
  const journal = openLocalJournal({ database, alongside: (entries) => store.keepInTransaction(entries) });
  return { database, store, journal };
}

async function ingest({ journal }: ReturnType<typeof open>): Promise<void> {
  const reportEvery = Math.max(batch, 100_000);
  let spent = { ms: 0, cpuMs: 0 };
  let reported = 0;
  for (let done = 0; done < count; done += batch) {
    const events = Array.from({ length: batch }, (_, index) => someEvent(done + index));
    const took = stopwatch();
    await journal.append(events);
    const { ms, cpuMs } = took();
    spent = { ms: spent.ms + ms, cpuMs: spent.cpuMs + cpuMs };
    if (done + batch - reported < reportEvery) continue;
    report(`  events ${reported + 1}–${done + batch}`, rate(done + batch - reported, spent));
    reported = done + batch;
    spent = { ms: 0, cpuMs: 0 };
  }
}

async function appendSingly({ journal }: ReturnType<typeof open>): Promise<void> {
  const appends = 20_000;
  let next = 0;
  const took = stopwatch();
  const client = async (): Promise<void> => {
    while (next < appends) await journal.append([someEvent(count - 1 + (next++ % 2))]);
  };
  await Promise.all(Array.from({ length: 32 }, client));
  report("single appends, 32 at a time", rate(appends, took()));
}

function quantile(numbers: readonly number[], share: number): string {
  const sorted = numbers.toSorted((one, other) => one - other);
  return `${(sorted[Math.floor((sorted.length - 1) * share)] as number).toFixed(2)} ms`;
}

async function time(what: string, ask: () => Promise<string>, times = 50): Promise<void> {
  const tookMs: number[] = [];
  const cpuMs: number[] = [];
  let answer = "";
  for (let round = 0; round < times; round++) {
    const took = stopwatch();
    answer = await ask();
    const { ms, cpuMs: usedMs } = took();
    tookMs.push(ms);
    cpuMs.push(usedMs);
  }
  const first = `${(tookMs[0] as number).toFixed(1)} ms`;
  report(
    what,
    `p50 ${quantile(tookMs, 0.5)} (CPU ${quantile(cpuMs, 0.5)}), p99 ${quantile(tookMs, 0.99)}, first ${first}; ${answer}`,
  );
}

const DAY_MS = 24 * 60 * 60 * 1000;
const lastDay = { fromMs: END_MS - DAY_MS + 1_234_567, toMs: END_MS - 1000 };
const gateway = "gateways:gateway-7";
const service = "services:service-7";

const queries: Record<string, Partial<EventQuery>> = {
  everything: {},
  type: { types: ["metrics"] },
  tag: { tags: [gateway] },
  "type + tag": { types: ["metrics"], tags: [gateway] },
  "dense tag": { tags: ["gateways"] },
  "two tags": { tags: [gateway, service] },
  "two tags, one dense": { tags: [gateway, "metrics:responseTime"] },
  "two dense tags": { tags: ["gateways", "metrics:responseTime"] },
  "two dense tags, last day": { tags: ["gateways", "metrics:responseTime"], ...lastDay },
  "tag, last day": { tags: [gateway], ...lastDay },
  "dense tag, last day": { tags: ["gateways"], ...lastDay },
  "any of two, none of one": { any: [gateway, service], none: ["metrics"] },
  "tag, numbers only": { tags: [gateway], numeric: true },
};

const value = { kind: "number" } as const;
const aggregations: Record<string, Partial<Aggregation>> = {
  average: { aggregator: { type: "average", field: value } },
  percentiles: { aggregator: { type: "percentiles", field: value, percents: [50, 95, 99] } },
  "average by hour": { aggregator: { type: "average", field: value }, intervalMs: 60 * 60 * 1000 },
  "count by gateway": { groupBy: { by: "tag", generic: "gateways" } },
  "average by gateway": { aggregator: { type: "average", field: value }, groupBy: { by: "tag", generic: "gateways" } },
  "sum of a number in objects": { aggregator: { type: "sum", field: { kind: "leaf", path: "cpu.load" } } },
};

async function ask({ store }: ReturnType<typeof open>): Promise<void> {
  for (const [name, query] of Object.entries(queries))
    await time(`newest 30: ${name}`, async () => {
      const { total } = await store.search({ ...everyEvent("default"), ...query }, { offset: 0, limit: 30 });
      return `${total} match`;
    });
  for (const [scope, query] of [["tag", { tags: [gateway] }] as const, ["everything", {}] as const])
    for (const [name, wanted] of Object.entries(aggregations)) {
      const aggregation: Aggregation = { aggregator: { type: "count" }, size: 10, ...wanted };
      const measured = async () => {
        await store.aggregate({ ...everyEvent("default"), ...query }, aggregation);
        return "";
      };
      await time(`${name}, of ${scope}`, measured, 5);
    }
}

try {
  const filling = open();
  report("ingest", `${count} events, ${batch} a batch${values.scattered ? ", scattered in time" : ""}`);
  await ingest(filling);
  await appendSingly(filling);
  filling.journal.close();
  filling.database.close();
  report("file", `${Math.round(statSync(file).size / 1e6)} MB`);

  const startMs = performance.now();
  const asking = open();
  report("open", `${(performance.now() - startMs).toFixed(1)} ms`);
  await ask(asking);
  asking.journal.close();
  asking.database.close();
} finally {
  rmSync(folder, { recursive: true });
}
