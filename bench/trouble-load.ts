import { setTimeout as sleep } from "node:timers/promises";

/** A caller that sends at even times, one request after the other, under a `Pulse-Key` of its own. */
export interface Lane {
  readonly name: string;
  /** Events in each request; one is sent by itself, not as a batch. */
  readonly size: number;
  readonly everyMs: number;
  /** Sends each request under an `Idempotency-Key`, and every other one again, as if its answer had been lost. */
  readonly repeats: boolean;
  readonly typeAt: (elapsedMs: number) => string;
}

/** What an event carries as its value: where in its lane it was sent. */
export interface Place {
  readonly lane: string;
  readonly number: number;
}

/** An event that Pulse has said it keeps. */
export interface Accepted extends Place {
  readonly id: string;
  readonly type: string;
}

export interface Post {
  readonly atMs: number;
  readonly tookMs: number;
  readonly sent: number;
  /** How many of these were not accepted. */
  readonly refused: number;
}

export interface Load {
  /** By id. */
  readonly accepted: ReadonlyMap<string, Accepted>;
  readonly posts: readonly Post[];
  /** Of the last answer: everything accepted before it lies before it in the journal. */
  receipt(): string;
  /** Resolves when the last request is answered. */
  stop(): Promise<void>;
}

export const laneTag = (lane: string): string => `lanes:${lane}`;

/** All lanes, from now on until they are stopped. */
export function startLoad(eventsUrl: string, lanes: readonly Lane[]): Load {
  const accepted = new Map<string, Accepted>();
  const posts: Post[] = [];
  const startMs = performance.now();
  let receipt = "";
  let stopped = false;

  const send = async (lane: Lane, from: number, headers: Readonly<Record<string, string>>): Promise<void> => {
    const atMs = performance.now();
    const type = lane.typeAt(atMs - startMs);
    const places = Array.from({ length: lane.size }, (_, index): Place => ({ lane: lane.name, number: from + index }));
    const drafts = places.map((value) => ({ type, tags: ["bench", laneTag(lane.name)], value }));
    const body = JSON.stringify(lane.size === 1 ? drafts[0] : drafts);
    // Sent again it is the very same request.
    for (let tries = lane.repeats && from % (2 * lane.size) === 0 ? 2 : 1; tries > 0; tries--) {
      const sentMs = performance.now();
      const answer = await post(eventsUrl, body, headers);
      const taken = answer.ids.filter((id) => id !== undefined);
      receipt = answer.receipt ?? receipt;
      posts.push({
        atMs: sentMs,
        tookMs: performance.now() - sentMs,
        sent: lane.size,
        refused: lane.size - taken.length,
      });
      answer.ids.forEach((id, index) => {
        if (id !== undefined) accepted.set(id, { id, type, ...(places[index] as Place) });
      });
    }
  };

  const run = async (lane: Lane): Promise<void> => {
    for (let request = 0; !stopped; request++) {
      await send(lane, request * lane.size, {
        "pulse-key": lane.name,
        ...(lane.repeats && { "idempotency-key": `${lane.name}-${request}` }),
      });
      await sleep(Math.max(0, startMs + (request + 1) * lane.everyMs - performance.now()));
    }
  };

  const running = Promise.all(lanes.map(run));
  return {
    accepted,
    posts,
    receipt: () => receipt,
    stop: async () => {
      stopped = true;
      await running;
    },
  };
}

interface Answer {
  /** Of each event that was accepted, at its place. */
  readonly ids: readonly (string | undefined)[];
  readonly receipt: string | undefined;
}

/** No answer at all is a refusal too. */
async function post(url: string, body: string, headers: Readonly<Record<string, string>>): Promise<Answer> {
  try {
    const answer = await fetch(url, {
      method: "POST",
      body,
      headers: { "content-type": "application/json", ...headers },
    });
    const receipt = answer.headers.get("pulse-receipt") ?? undefined;
    const told = (await answer.json()) as { id?: string; items?: readonly { status: number; id?: string }[] };
    if (answer.status === 201) return { ids: [told.id], receipt };
    return { ids: (told.items ?? []).map(({ status, id }) => (status === 201 ? id : undefined)), receipt };
  } catch {
    return { ids: [], receipt: undefined };
  }
}
