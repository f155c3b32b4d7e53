import type { APIGatewayProxyEventV2, Context } from "aws-lambda";
import { sleep } from "#core/clock.ts";
import type { EventFilter } from "#core/events/query/event-filter.ts";
import { fromPositionText } from "#core/events/stream/position.ts";
import { toReceiptText } from "#core/events/stream/receipt.ts";
import type { ApiHandler } from "#functions/shared/http/api.ts";
import { count } from "#test/simulation/coverage.ts";
import type { PostedItem } from "#test/simulation/ledger.ts";
import type { SimulatedProcess } from "#test/simulation/simulated-process.ts";
import type { ChainStart } from "#test/simulation/stream-client.ts";
import { drawFilter, NAMESPACES } from "#test/simulation/vocabulary.ts";
import { violate, type World } from "#test/simulation/world.ts";
import type { Random } from "#test/support/random.ts";

const PATIENCE_MS = 30_000;
const VIEW_WINDOW_MS = 30_000;
const MAY_PASS = new Set([429, 503]);
const MOST_TRIES = 4;
const RETRY_MS = 300;

interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** Asks at some moment, through all pages; the answer is where a stream may go on, if there was an answer. */
export async function readOnce(world: World, name: string): Promise<ChainStart | undefined> {
  const { plan, time, ledger, coverage, trace, wiring } = world;
  const random = world.fork();
  await sleep(time, random.integer(0, plan.activeMs));
  const process = world.startProcess("query-events");
  const handler = wiring.queryEvents({
    namespaces: NAMESPACES,
    store: world.openStore(process),
    clock: process.clock,
    viewWindowMs: VIEW_WINDOW_MS,
  });
  const filter = drawFilter(random);
  const awaited = random.chance(0.5) ? drawAwaited(world, filter, random) : [];
  const receipt = awaited.flatMap(({ accepted }) => accepted.slice(0, 1).map(({ point }) => point));
  const search = searchOf(filter, {
    per_page: String(random.oneOf([2, 5, 1000])),
    cursor: "*",
    ...(receipt.length > 0 && { after: toReceiptText(receipt, filter.namespace, time.now()) }),
  });
  const pages = await readPages(asking(handler, process, world), pathOf(filter), search);
  if (pages === undefined) return undefined;
  const after = pages[0]?.headers["pulse-position"] ?? "";
  const position = fromPositionText(after)?.position.shards;
  if (position === undefined) {
    violate(world, `${name}: was answered without a position`);
    return undefined;
  }
  const events = pages.flatMap(({ text }) => jsonTexts(text));
  count(coverage, "queries");
  trace(() => `${name}: read ${events.length} events`);
  ledger.readings.push({ name, filter, position, events, awaited });
  return { after, filter };
}

type Ask = (path: string, search: string) => Promise<Reply | undefined>;

/** The first page and all that it leads to; undefined if one of them does not come. */
async function readPages(ask: Ask, path: string, search: string): Promise<readonly Reply[] | undefined> {
  const pages: Reply[] = [];
  for (let next: string | undefined = search; next !== undefined; ) {
    const page: Reply | undefined = await ask(path, next);
    if (page === undefined) return undefined;
    pages.push(page);
    next = nextOf(page);
  }
  return pages;
}

/** Items of one namespace whose write the query must see. */
function drawAwaited({ ledger }: World, filter: EventFilter, random: Random): PostedItem[] {
  const known = ledger.items.filter(({ accepted: [first] }) => first?.event.namespace === filter.namespace);
  return known.length === 0 ? [] : [random.oneOf(known)];
}

const pathOf = ({ namespace }: EventFilter): string =>
  namespace === "default" ? "/api/v1/events" : `/${namespace}/api/v1/events`;

function searchOf({ tags, types }: EventFilter, more: Readonly<Record<string, string>>): string {
  const search = new URLSearchParams(more);
  for (const tag of tags) search.append("tag", tag);
  for (const type of types) search.append("type", type);
  return search.toString();
}

const nextOf = ({ headers }: Reply): string | undefined =>
  /<[^>]*\?([^>]*)>; rel="?next"?/.exec(headers.link ?? "")?.[1];

const jsonTexts = (text: string): string[] => (JSON.parse(text) as unknown[]).map((event) => JSON.stringify(event));

/** Calls the function, again where it could not read; undefined if no answer comes. */
function asking(handler: ApiHandler, process: SimulatedProcess, world: World): Ask {
  return async (path: string, search: string): Promise<Reply | undefined> => {
    for (let tries = 0; tries < MOST_TRIES && process.alive; tries++) {
      const reply = await askOnce(handler, process, toMessage(path, search));
      if (reply?.status === 200) return reply;
      if (reply !== undefined && !MAY_PASS.has(reply.status))
        violate(world, `GET ${path}?${search} was answered ${reply.status}: ${reply.text}`);
      await sleep(world.time, RETRY_MS);
    }
    return undefined;
  };
}

const toMessage = (path: string, search: string) =>
  ({
    rawPath: path,
    rawQueryString: search,
    headers: {},
    requestContext: { requestId: "simulated", http: { method: "GET", path } },
  }) as unknown as APIGatewayProxyEventV2;

async function askOnce(
  handler: ApiHandler,
  process: SimulatedProcess,
  message: APIGatewayProxyEventV2,
): Promise<Reply | undefined> {
  const answer = await process.outcomeOf(handler(message, {} as Context), PATIENCE_MS);
  if (answer === undefined) return undefined;
  const { statusCode: status, headers, body: text } = answer;
  return { status, headers: headers as Record<string, string>, text };
}
