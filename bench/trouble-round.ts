import { setTimeout as sleep } from "node:timers/promises";
import { type ServedPulse, servePulse } from "#dev/served-pulse.ts";
import { type Ground, quietOptions } from "./ground.ts";
import { pulsePath } from "./ingest-target.ts";
import { TYPES } from "./sample-events.ts";
import { type Accepted, type Load, laneTag, type Post, startLoad } from "./trouble-load.ts";
import { type Asked, startAsking } from "./trouble-queries.ts";
import { Follower, type StreamFilter } from "./trouble-streams.ts";
import { judge, missingFrom, type Verdict } from "./trouble-verdict.ts";
import { TroubledNode } from "./troubled-node.ts";
import type { Course, Trouble } from "./troubles.ts";

export interface Round {
  readonly trouble: Trouble;
  readonly course: Course;
  readonly posts: readonly Post[];
  readonly asked: readonly Asked[];
  readonly accepted: number;
  /** After the trouble's end, until what was accepted by then was searchable; undefined when it never was. */
  readonly searchableMs: number | undefined;
  /** The same of all streams. */
  readonly streamedMs: number | undefined;
  readonly verdict: Verdict;
  /** Connections of streams that the server ended. */
  readonly lostStreams: number;
  /** Answers that made an EventSource give up. */
  readonly refusedStreams: number;
  readonly resetStreams: number;
  /** Batches that the consumer could not finish, and got again. */
  readonly returnedBatches: number;
  /** Of Pulse, by OpenSearch's full write queue. */
  readonly refusedWrites: number;
}

const NAMESPACE = "trouble";
/** Before the trouble, and after it while events still come. */
const CALM_MS = 10_000;
const PATIENCE_MS = 300_000;
const LOOK_AGAIN_MS = 50;
/** What comes twice may come a little later. */
const LAST_LOOK_MS = 1000;

/** One trouble, with an OpenSearch and a Pulse of its own. */
export async function playRound(ground: Ground, trouble: Trouble): Promise<Round> {
  const say = (what: string) => ground.progress(`${trouble.name}: ${what}`);
  say("starting OpenSearch");
  const node = await TroubledNode.start(ground, trouble.settings);
  const served = await serve(ground, node.url);
  const returnedBatches = countReturns(served);
  const eventsUrl = `${served.url}${pulsePath(NAMESPACE, "/events")}`;
  const followers = await openFollowers(ground, `${eventsUrl}/stream`, trouble);

  const load = startLoad(eventsUrl, trouble.lanes);
  const asking = startAsking(questions(eventsUrl, trouble));
  say("calm");
  await sleep(CALM_MS);
  say("in trouble");
  const course = await trouble.befall(node);
  say("catching up");
  const byThen = [...load.accepted.values()];
  const [searchableMs, streamedMs] = await Promise.all([
    untilSearchable(eventsUrl, load.receipt(), course.toMs),
    untilStreamed(followers, byThen, course.toMs),
    sleep(CALM_MS).then(load.stop),
  ]);
  await asking.stop();
  say("counting");
  await settle(eventsUrl, load, followers);
  const verdict = await judge(eventsUrl, load.accepted, followers);

  const sumOf = (count: (follower: Follower) => number) =>
    followers.reduce((sum, follower) => sum + count(follower), 0);
  return {
    trouble,
    course,
    posts: load.posts,
    asked: asking.asked,
    accepted: load.accepted.size,
    searchableMs,
    streamedMs,
    verdict,
    lostStreams: sumOf((follower) => follower.lost),
    refusedStreams: sumOf((follower) => follower.refused),
    resetStreams: sumOf((follower) => follower.resets),
    returnedBatches: returnedBatches(),
    refusedWrites: (await node.refusedWrites()) - course.refusedOthers,
  };
}

async function serve(ground: Ground, openSearchUrl: string): Promise<ServedPulse> {
  const options = ["--namespaces", NAMESPACE, "--opensearch", openSearchUrl];
  const served = await servePulse([...quietOptions(await ground.folder()), ...options]);
  ground.onClose(served.stop);
  return served;
}

/** Counts what the server's log says of batches. */
function countReturns({ process }: ServedPulse): () => number {
  let count = 0;
  for (const output of [process.stdout, process.stderr])
    output?.on("data", (chunk: Buffer) => {
      count += chunk.toString().split("the batch will come again").length - 1;
    });
  return () => count;
}

const FOLLOWERS = 20;
/** Every fifth of them. */
const DROP_EVERY_MS = 15_000;

/** A third wants everything, a third one lane, a third one type; some of each have a bad line. */
async function openFollowers(ground: Ground, streamUrl: string, { lanes }: Trouble): Promise<Follower[]> {
  const filterOf = (index: number): StreamFilter => {
    if (index % 3 === 0) return {};
    return index % 3 === 1 ? { lane: lanes[index % lanes.length]?.name } : { type: TYPES[index % TYPES.length] };
  };
  const followers = await Promise.all(
    Array.from({ length: FOLLOWERS }, (_, index) =>
      Follower.open({
        streamUrl,
        filter: filterOf(index),
        ...(index % 5 === 0 && { dropEveryMs: DROP_EVERY_MS + index * 100 }),
      }),
    ),
  );
  ground.onClose(async () => {
    for (const follower of followers) follower.close();
  });
  return followers;
}

const questions = (eventsUrl: string, { lanes }: Trouble): string[] => [
  eventsUrl,
  `${eventsUrl}?tag=${laneTag(lanes[0]?.name as string)}&gte=now-1m`,
  `${eventsUrl}?type=${TYPES[0]}&per_page=100`,
  `${eventsUrl}/aggregate?tag=bench&aggregator=count&groupBy=type`,
];

/** As a caller waits who must see a write; answers how long after `fromMs` it was seen. */
async function untilSearchable(eventsUrl: string, receipt: string, fromMs: number): Promise<number | undefined> {
  while (performance.now() < fromMs + PATIENCE_MS) {
    const answer = await fetch(`${eventsUrl}?per_page=1&after=${receipt}`);
    await answer.arrayBuffer();
    if (answer.ok) return performance.now() - fromMs;
    await sleep(LOOK_AGAIN_MS);
  }
  return undefined;
}

async function untilStreamed(
  followers: readonly Follower[],
  events: readonly Accepted[],
  fromMs: number,
): Promise<number | undefined> {
  let waiting = followers.map((follower) => ({ follower, missing: missingFrom(follower, events) }));
  while (performance.now() < fromMs + PATIENCE_MS) {
    waiting = waiting
      .map(({ follower, missing }) => ({ follower, missing: missingFrom(follower, missing) }))
      .filter(({ missing }) => missing.length > 0);
    if (waiting.length === 0) return performance.now() - fromMs;
    await sleep(LOOK_AGAIN_MS);
  }
  return undefined;
}

/** When nothing more comes, what is missing is lost. */
async function settle(eventsUrl: string, load: Load, followers: readonly Follower[]): Promise<void> {
  const fromMs = performance.now();
  await untilSearchable(eventsUrl, load.receipt(), fromMs);
  await untilStreamed(followers, [...load.accepted.values()], fromMs);
  await sleep(LAST_LOOK_MS);
}
