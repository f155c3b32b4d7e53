import type { ApiTarget } from "#cli/api-target.ts";
import type { AskedEvent, AskedEvents, EventQuestion } from "#cli/haproxy/asked-events.ts";
import { PulseError } from "#core/errors.ts";
import { MAX_GROUPS } from "#core/events/query/aggregation.ts";

const PAGE_EVENTS = 1000;
/** Long lines make long answers, which have a limit: then fewer are asked for. */
const TOO_LARGE = 413;
const FEWER = 4;
const TIMEOUT_MS = 60_000;

/** Events of a Pulse API. */
export function openApiEvents(target: ApiTarget): AskedEvents {
  const { url } = target;
  const post = (path: string, body: unknown): Promise<Response> => call(target, "POST", path, JSON.stringify(body));

  async function* every(question: EventQuestion): AsyncGenerator<AskedEvent> {
    let perPage = PAGE_EVENTS;
    for (let cursor: string | undefined = "*"; cursor !== undefined; ) {
      const response = await post(`/events/search?cursor=${encodeURIComponent(cursor)}&per_page=${perPage}`, question);
      if (response.status === TOO_LARGE && perPage > 1) {
        perPage = Math.ceil(perPage / FEWER);
        continue;
      }
      yield* (await answerOf(url, response)) as AskedEvent[];
      cursor = nextCursor(response);
    }
  }

  return {
    every,
    async count(question) {
      const response = await post("/events/search?per_page=1", question);
      await answerOf(url, response);
      return Number(response.headers.get("x-total-count"));
    },
    async countByTag(question, generic) {
      const aggregator = { type: "count", groupBy: `tag:${generic}`, size: MAX_GROUPS };
      const answer = await answerOf(url, await post("/events/aggregate", { ...question, aggregator }));
      const { groups } = answer as { readonly groups: readonly { readonly key: string; readonly count: number }[] };
      return new Map(groups.map(({ key, count }) => [key, count]));
    },
    close: async () => {},
  };
}

/** What `GET` of the path answers, as JSON. */
export const askApi = async (target: ApiTarget, path: string): Promise<unknown> =>
  answerOf(target.url, await call(target, "GET", path));

const call = (
  { url, authorization }: ApiTarget,
  method: "GET" | "POST",
  path: string,
  body?: string,
): Promise<Response> =>
  fetch(`${url}${path}`, {
    method,
    headers: { "content-type": "application/json", ...(authorization !== undefined && { authorization }) },
    ...(body !== undefined && { body }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch((cause) => {
    throw new PulseError("unavailable", `${url} cannot be reached: ${reasonOf(cause)}`, { cause });
  });

/** The JSON of a good answer; throws with what another one says. */
async function answerOf(url: string, response: Response): Promise<unknown> {
  if (response.ok) return response.json();
  const text = await response.text();
  throw new PulseError("unavailable", `${url} answered ${response.status}: ${detailOf(text)}`);
}

function detailOf(text: string): string {
  try {
    return String((JSON.parse(text) as { detail?: unknown }).detail);
  } catch {
    return text.slice(0, 200);
  }
}

function reasonOf(failure: Error): string {
  return failure.cause instanceof Error ? failure.cause.message : failure.message;
}

function nextCursor({ headers }: Response): string | undefined {
  const next = /<([^>]*)>; rel=next/.exec(headers.get("link") ?? "")?.[1];
  const cursor = next === undefined ? null : new URL(next, "http://localhost").searchParams.get("cursor");
  return cursor ?? undefined;
}
