import { type Client, errors } from "@opensearch-project/opensearch";
import { sleep } from "#core/clock.ts";
import type { Chaos } from "#test/simulation/chaos.ts";
import { BrokenCall, type Network } from "#test/simulation/network.ts";
import type {
  OpenSearchAnswer,
  OpenSearchCall,
  OpenSearchTroubles,
  SimulatedOpenSearch,
} from "#test/simulation/simulated-opensearch.ts";
import type { SimulatedProcess } from "#test/simulation/simulated-process.ts";
import type { Random } from "#test/support/random.ts";

/** Carries out a call; a broken variant may put something before it. */
export type Send = (call: OpenSearchCall) => Promise<OpenSearchAnswer>;

export interface OpenSearchConnection {
  readonly openSearch: SimulatedOpenSearch;
  readonly process: SimulatedProcess;
  readonly network: Network;
  readonly chaos: Chaos;
  readonly random: Random;
}

const REQUEST_TIMEOUT_MS = 3_000;

/** How a process reaches OpenSearch. */
export function sendTo({ openSearch, process, network, chaos, random }: OpenSearchConnection): Send {
  return async (call) => {
    if (chaos.strikes("overload"))
      return { statusCode: 429, body: { error: { type: "rejected_execution_exception" } } };
    if (chaos.strikes("unavailable")) return { statusCode: random.oneOf([403, 502, 503, 504]), body: {} };
    const what = `${call.method} ${call.path}`;
    const answer = await network.call(process, what, REQUEST_TIMEOUT_MS, () => openSearch.execute(call));
    if (answer.heldMs !== undefined) await sleep(process.clock, answer.heldMs);
    return answer;
  };
}

/** What the adapter needs of OpenSearch's client: one call, failures as the client throws them. */
export function clientOf(send: Send): Client {
  const request = async (
    { bulkBody, ...given }: Omit<OpenSearchCall, "bulkBody"> & { readonly bulkBody?: string | Buffer },
    { ignore }: { readonly ignore: readonly number[] },
  ) => {
    const call: OpenSearchCall = { ...given, ...(bulkBody !== undefined && { bulkBody: bulkBody.toString() }) };
    const { statusCode, body } = await send(call).catch(toClientError);
    if (statusCode >= 400 && !ignore.includes(statusCode) && !(call.method === "HEAD" && statusCode === 404))
      throw new errors.ResponseError({ statusCode, body, headers: {}, warnings: null, meta: {} as never });
    return { statusCode, body };
  };
  return { transport: { request }, close: async () => {} } as unknown as Client;
}

function toClientError(error: unknown): never {
  if (!(error instanceof BrokenCall)) throw error;
  throw error.how === "timeout"
    ? new errors.TimeoutError(error.message, {} as never)
    : new errors.ConnectionError(error.message, {} as never);
}

const ITEM_REFUSALS = [
  { status: 429, type: "rejected_execution_exception" },
  { status: 503, type: "unavailable_shards_exception" },
];
const LONGEST_START_MS = 400;

/** What goes wrong inside of OpenSearch. */
export const troublesOf = (chaos: Chaos, random: Random): OpenSearchTroubles => ({
  refusesItem: () => (chaos.strikes("refused-item") ? random.oneOf(ITEM_REFUSALS) : undefined),
  missesShard: () => chaos.strikes("missing-shard"),
  searchRunsOutOfTime: () => chaos.strikes("search-timeout"),
  refreshFails: () => chaos.strikes("failed-refresh"),
  startMs: () => random.integer(0, LONGEST_START_MS),
});
