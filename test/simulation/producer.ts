import { sleep } from "#core/clock.ts";
import { PulseError } from "#core/errors.ts";
import { type CreateOptions, type CreateOutcome, createEvents, type EventIntake } from "#core/events/create-events.ts";
import { parseDrafts } from "#core/events/draft-event.ts";
import { KinesisEventJournal } from "#journals/kinesis/kinesis-event-journal.ts";
import { count } from "#test/simulation/coverage.ts";
import { type ClaimTable, idempotencyKeys } from "#test/simulation/idempotency-keys.ts";
import type { PostedItem } from "#test/simulation/ledger.ts";
import { kinesisClient, type SimulatedStream } from "#test/simulation/simulated-kinesis.ts";
import { POISON_TAG } from "#test/simulation/simulated-opensearch.ts";
import type { SimulatedProcess } from "#test/simulation/simulated-process.ts";
import { EVENT_TYPES, NAMESPACES, TAGS } from "#test/simulation/vocabulary.ts";
import type { World } from "#test/simulation/world.ts";
import type { Random } from "#test/support/random.ts";

const PATIENCE_MS = 9_000;
const MOST_TRIES = 8;
const RETRY_MS = 400;

/** A copy of create-events. */
interface Creator {
  readonly process: SimulatedProcess;
  readonly intake: EventIntake;
}

/** One POST and what is known of it. */
interface Post {
  readonly options: CreateOptions;
  readonly drafts: readonly { readonly item: PostedItem; readonly text: string }[];
}

/** Sends POSTs one after the other, each until it is answered or given up; resolves after the last. */
export async function produce(world: World, name: string, stream: SimulatedStream, claims: ClaimTable): Promise<void> {
  const { plan, time } = world;
  const random = world.fork();
  let creator = startCreator(world, stream, claims, random);
  for (let number = 1; number <= plan.postsPerProducer; number++) {
    await sleep(time, random.integer(0, (2 * plan.activeMs) / plan.postsPerProducer));
    let post: Post | undefined = drawPost(world, `${name}.${number}`, name, random);
    for (let tries = 0; post !== undefined && tries < MOST_TRIES; tries++) {
      if (!creator.process.alive) creator = startCreator(world, stream, claims, random);
      post = await send(world, creator, post);
      if (post !== undefined) await sleep(time, random.integer(0, RETRY_MS));
    }
  }
}

function startCreator(world: World, stream: SimulatedStream, claims: ClaimTable, random: Random): Creator {
  const { chaos, network, wiring } = world;
  const process = world.startProcess("create-events");
  const journal = new KinesisEventJournal({
    streamName: stream.name,
    clock: process.clock,
    client: kinesisClient(stream, { process, network, chaos }),
    random: () => random.integer(0, 1000) / 1000,
  });
  const intake = {
    journal,
    keys: idempotencyKeys(world, process, claims),
    now: process.clock.now,
    newId: (nowMs: number) => drawId(nowMs, random),
  };
  return { process, intake: wiring.intake(intake) };
}

/** In the form of a UUIDv7. */
function drawId(nowMs: number, random: Random): string {
  const hex = (digits: number) =>
    random
      .integer(0, 16 ** digits - 1)
      .toString(16)
      .padStart(digits, "0");
  const time = nowMs.toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hex(3)}-8${hex(3)}-${hex(6)}${hex(6)}`;
}

function drawPost({ plan, chaos, ledger }: World, name: string, producer: string, random: Random): Post {
  const namespace = random.chance(0.85) ? NAMESPACES[0] : NAMESPACES[1];
  const isKeyed = random.chance(0.6);
  const key = random.chance(0.5) ? random.oneOf(["k1", "k2", "k3"]) : undefined;
  const lane = key === undefined ? undefined : `${producer} ${namespace} ${key}`;
  const drafts = Array.from({ length: random.integer(1, plan.eventsPerPost) }, () => {
    const item: PostedItem = { number: ledger.items.length, isKeyed, lane, tries: 0, accepted: [], isKnown: false };
    ledger.items.push(item);
    const tags: string[] = random.someOf(TAGS, TAGS.length);
    if (tags.length === 0) tags.push(TAGS[0]);
    if (chaos.strikes("poison")) tags.push(POISON_TAG);
    const timestamp = random.chance(0.3) && new Date(plan.startMs - random.integer(-1e9, 1e9)).toISOString();
    const draft = { type: random.oneOf(EVENT_TYPES), tags, value: item.number, ...(timestamp && { timestamp }) };
    return { item, text: JSON.stringify(draft) };
  });
  return {
    drafts,
    options: { namespace, ...(key !== undefined && { key }), ...(isKeyed && { idempotencyKey: name }) },
  };
}

/**
 * One try. What is to be sent again, if anything: with an idempotency key all of it, else what was surely not taken.
 */
async function send(world: World, { process, intake }: Creator, post: Post): Promise<Post | undefined> {
  const { chaos, coverage, trace } = world;
  const { drafts, options } = post;
  for (const { item } of drafts) item.tries++;
  count(coverage, "POSTs");
  trace(() => `${process.name}: POST ${drafts.map(({ text }) => text)} ${JSON.stringify(options)}`);
  const body = `[${drafts.map(({ text }) => text).join(",")}]`;
  const answered = createEvents(parseDrafts(body, "array"), options, intake).then(
    (outcomes) => {
      for (const [index, outcome] of outcomes.entries()) accept(drafts[index]?.item, outcome);
      return outcomes;
    },
    (error: unknown) => {
      if (error instanceof PulseError && error.kind === "unavailable") return undefined;
      throw error;
    },
  );
  const answer = await process.outcomeOf(answered, PATIENCE_MS);
  const isLost = answer === undefined || chaos.strikes("lost-post-answer");
  trace(() => `${process.name}: ${isLost ? "no answer" : `answers ${answer.map(toReadable)}`}`);
  if (isLost) return options.idempotencyKey === undefined ? undefined : post;
  const left = drafts.filter((_, index) => "refused" in (answer[index] as CreateOutcome));
  drafts.forEach(({ item }, index) => {
    if ("event" in (answer[index] as CreateOutcome)) item.isKnown = true;
  });
  if (left.length === 0) return undefined;
  return options.idempotencyKey === undefined ? { ...post, drafts: left } : post;
}

const toReadable = (outcome: CreateOutcome): string =>
  "event" in outcome ? outcome.event.id : outcome.refused.message;

function accept(item: PostedItem | undefined, outcome: CreateOutcome): void {
  if ("event" in outcome) item?.accepted.push(outcome);
  else if (outcome.refused.kind !== "unavailable") throw outcome.refused;
}
