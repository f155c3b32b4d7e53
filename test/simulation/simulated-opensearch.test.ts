import { beforeEach, describe, expect, test } from "@jest/globals";
import { systemClock } from "#core/clock.ts";
import { OpenSearchEventStore } from "#stores/opensearch/opensearch-event-store.ts";
import { clientOf } from "#test/simulation/opensearch-client.ts";
import {
  type OpenSearchAnswer,
  type OpenSearchCall,
  type OpenSearchTroubles,
  SimulatedOpenSearch,
} from "#test/simulation/simulated-opensearch.ts";
import { VirtualTime } from "#test/simulation/virtual-time.ts";
import { openGround } from "#test/stores/contract/ground.ts";
import { keepingChecks } from "#test/stores/contract/keeping-checks.ts";
import { pagingChecks } from "#test/stores/contract/paging-checks.ts";
import { tailingChecks } from "#test/stores/contract/tailing-checks.ts";
import { seededRandom } from "#test/support/random.ts";

const UNTROUBLED: OpenSearchTroubles = {
  refusesItem: () => undefined,
  missesShard: () => false,
  searchRunsOutOfTime: () => false,
  refreshFails: () => false,
  startMs: () => 0,
};

/** What these ask for is not simulated: aggregations, and as many documents as one page may not reach. */
const BEYOND = /sums up each type|namespaces apart|in another order and in overlapping batches|deepest page/;
const checks = [...keepingChecks, ...tailingChecks, ...pagingChecks].filter(({ name }) => !BEYOND.test(name));

describe("the adapter on the simulated OpenSearch", () => {
  const openSearch = new SimulatedOpenSearch(systemClock, seededRandom(1), UNTROUBLED);
  openSearch.install();
  const store = new OpenSearchEventStore(clientOf(async (call) => openSearch.execute(call)));

  test.each(checks)("$name", async ({ check }) => check(await openGround(store)));
});

describe("the simulated OpenSearch", () => {
  const time = new VirtualTime(Date.UTC(2026, 0, 1));
  let openSearch: SimulatedOpenSearch;
  let documents = 0;

  const call = (method: string, path: string, more: Partial<OpenSearchCall> = {}): OpenSearchAnswer =>
    openSearch.execute({ method, path, querystring: {}, ...more });
  const create = (refresh?: string, id = String(++documents)) =>
    call("POST", "/_bulk", {
      bulkBody: `${JSON.stringify({ create: { _index: "pulse.event.default.2026-01", _id: id } })}\n{"id":"${id}"}\n`,
      querystring: { refresh },
    });
  const visible = (preference?: string): number => {
    const { body } = call("POST", "/pulse.*/_search", {
      body: { query: { match_all: {} }, size: 100 },
      querystring: { preference },
    });
    return (body as { hits: { hits: readonly object[] } }).hits.hits.length;
  };

  beforeEach(() => {
    openSearch = new SimulatedOpenSearch(time, seededRandom(1), UNTROUBLED);
    openSearch.install();
  });

  test("shows what was written to searches only after a refresh", async () => {
    create();
    expect(visible()).toBe(0);

    call("POST", "/pulse.event.default.2026-01/_refresh");
    expect(visible()).toBe(1);

    create();
    await time.pass(10_001);
    expect(visible("_primary")).toBe(2);
  });

  test("refreshes nothing where a bulk that asks for it creates nothing, and waits for nothing", () => {
    create(undefined, "a");

    expect(create("true", "a").body).toMatchObject({ items: [{ create: { status: 409 } }] });
    expect(create("wait_for", "a").heldMs).toBe(0);

    expect(visible()).toBe(0);
    expect(create("wait_for", "b").heldMs).toBeGreaterThan(0);
    create("true", "c");
    expect(visible()).toBe(3);
  });
});
