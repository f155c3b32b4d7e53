import type { Accepted, Place } from "./trouble-load.ts";
import { type Follower, isWanted } from "./trouble-streams.ts";

/** What became of the events of a round. */
export interface Verdict {
  /** Accepted, and not to be read. */
  readonly lost: number;
  /** Read more than once, under one id or under several. */
  readonly doubled: number;
  /** The same of all streams together. */
  readonly lostInStreams: number;
  readonly doubledInStreams: number;
  readonly disorderedInStreams: number;
}

export async function judge(
  eventsUrl: string,
  accepted: ReadonlyMap<string, Accepted>,
  followers: readonly Follower[],
): Promise<Verdict> {
  const ids = new Set<string>();
  const places = new Set<string>();
  let doubled = 0;
  for await (const { id, value } of readAll(eventsUrl)) {
    const place = `${value.lane} ${value.number}`;
    if (ids.has(id) || places.has(place)) doubled++;
    ids.add(id);
    places.add(place);
  }
  const sumOf = (count: (follower: Follower) => number) =>
    followers.reduce((sum, follower) => sum + count(follower), 0);
  const all = [...accepted.values()];
  return {
    lost: all.filter(({ id }) => !ids.has(id)).length,
    doubled,
    lostInStreams: sumOf((follower) => missingFrom(follower, all).length),
    doubledInStreams: sumOf((follower) => follower.doubled),
    disorderedInStreams: sumOf((follower) => follower.disordered),
  };
}

/** Which of the events should have come to this stream and have not. */
export const missingFrom = ({ filter, received }: Follower, events: readonly Accepted[]): Accepted[] =>
  events.filter((event) => isWanted(filter, event) && !received.has(event.id));

const PAGE = 1000;

/** Every event there is, as a caller walks through them. */
async function* readAll(eventsUrl: string): AsyncGenerator<{ readonly id: string; readonly value: Place }> {
  for (let url: string | undefined = `${eventsUrl}?cursor=*&per_page=${PAGE}`; url !== undefined; ) {
    const answer: Response = await fetch(url);
    if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
    const page = (await answer.json()) as readonly { id: string; value: Place }[];
    yield* page;
    const next = /<([^>]*)>; rel=next/.exec(answer.headers.get("link") ?? "")?.[1];
    url = page.length === PAGE && next !== undefined ? new URL(next, eventsUrl).href : undefined;
  }
}
