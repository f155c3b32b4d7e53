import { log } from "#functions/shared/log.ts";
import { startConsumers } from "#test/simulation/consumers.ts";
import { type Coverage, count } from "#test/simulation/coverage.ts";
import { disturb } from "#test/simulation/disturbances.ts";
import type { ClaimTable } from "#test/simulation/idempotency-keys.ts";
import { judge } from "#test/simulation/judge.ts";
import { produce } from "#test/simulation/producer.ts";
import { readOnce } from "#test/simulation/reader.ts";
import type { SimulatedStream } from "#test/simulation/simulated-kinesis.ts";
import { type ChainStart, StreamClient } from "#test/simulation/stream-client.ts";
import { StreamHosts } from "#test/simulation/stream-hosts.ts";
import { begin, createWorld, violate, type World, type WorldOptions } from "#test/simulation/world.ts";

export interface SeedResult {
  readonly seed: number;
  /** What broke a promise, in words. */
  readonly violations: readonly string[];
  readonly coverage: Coverage;
}

const MOST_REST_MS = 10 * 60_000;
/** A new shard is known after a second; then polls read it. */
const CATCH_UP_MS = 3_000;

/** Plays the world of a seed: at first all may go wrong, then nothing does until it is at rest; then it is judged. */
export async function runSeed(options: WorldOptions): Promise<SeedResult> {
  const level = log.getLevelName();
  // Each simulated fault would be told.
  log.setLogLevel("SILENT");
  try {
    return await playSeed(options);
  } finally {
    log.setLogLevel(level);
  }
}

async function playSeed(options: WorldOptions): Promise<SeedResult> {
  const world = createWorld(options);
  const { plan, time, network, ledger, coverage, trace } = world;
  watchCheckpoints(world);
  time.after(plan.installAfterMs, () => world.openSearch.install());
  const consumers = world.streams.map((stream) => startConsumers(world, stream));
  const atWork = new Set<string>();
  startProducers(world, atWork);
  for (const stream of world.streams) begin(world, disturb(world, stream));
  const clients = startReaders(world, atWork);

  await time.pass(plan.activeMs);
  trace(() => "from here on nothing goes wrong any more");
  for (const client of clients) client.close();
  const isAtRest = () => atWork.size === 0 && network.isQuiet && consumers.every((one) => one.isAtRest());
  if (!(await time.passUntil(isAtRest, MOST_REST_MS))) violate(world, "the world does not come to rest");
  for (const client of clients) begin(world, client.stay());
  await time.pass(CATCH_UP_MS + 3 * plan.pollMs);
  for (const client of clients) client.close();
  await time.pass(0);

  judge(world);
  count(coverage, "events accepted", ledger.items.filter(({ accepted }) => accepted.length > 0).length);
  return { seed: options.seed, violations: ledger.violations, coverage };
}

function watchCheckpoints(world: World): void {
  world.openSearch.onCheckpoint = (shard, before, now) => {
    count(world.coverage, "checkpoints");
    if (before !== undefined && now < before)
      violate(world, `the checkpoint of ${shard} goes back from ${before} to ${now}`);
  };
}

/** Whoever has work to do is in `atWork` until it is done. */
function startProducers(world: World, atWork: Set<string>): void {
  const claims: ClaimTable = new Map();
  for (let number = 1; number <= world.plan.producers; number++) {
    const name = `producer ${number}`;
    const stream = world.streams[number % world.streams.length] as SimulatedStream;
    atWork.add(name);
    begin(
      world,
      produce(world, name, stream, claims).finally(() => atWork.delete(name)),
    );
  }
}

/** Streams that begin at some moment, and queries; a stream begins behind each query that was answered. */
function startReaders(world: World, atWork: Set<string>): readonly StreamClient[] {
  const { plan, time } = world;
  const endMs = time.now() + plan.activeMs;
  const hosts = new StreamHosts(world);
  const random = world.fork();
  const clients: StreamClient[] = [];
  const open = (name: string, start: ChainStart): void => {
    const client = new StreamClient(world, hosts, name, start);
    clients.push(client);
    if (time.now() < endMs) begin(world, client.comeAndGo());
  };
  for (let number = 1; number <= plan.chains; number++) {
    const past = clients.find(({ lastId }) => lastId !== undefined);
    // Many begin early, when shards are new.
    const latestMs = random.chance(0.5) ? plan.activeMs / 4 : plan.activeMs - 1;
    time.after(random.integer(0, latestMs), () => {
      if (past?.lastId !== undefined && random.chance(0.3))
        open(`stream ${number}`, { after: past.lastId, filter: past.chain.filter });
      else open(`stream ${number}`, { at: random.chance(0.3) ? "0" : "now" });
    });
  }
  for (let number = 1; number <= plan.readings; number++) {
    const name = `query ${number}`;
    atWork.add(name);
    const reading = readOnce(world, name).then((start) => {
      if (start !== undefined) open(`stream after ${name}`, start);
      atWork.delete(name);
    });
    begin(world, reading);
  }
  return clients;
}
