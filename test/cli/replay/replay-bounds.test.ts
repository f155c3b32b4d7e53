import { describe, expect, test } from "@jest/globals";
import { boundsOf } from "#cli/replay/replay-bounds.ts";
import type { OpenSearchSettings } from "#stores/opensearch/client.ts";

const MINUTE_MS = 60_000;
const NOW_MS = Date.parse("2026-03-15T12:00:00Z");
const target: OpenSearchSettings = { url: "http://search:9200/", auth: "none" };
const asked = (fromMs?: number, toMs?: number) => ({ fromMs, toMs, target });

describe("the bounds of a replay", () => {
  const indexedMs = NOW_MS - 60 * MINUTE_MS;
  const replayableMs = indexedMs - 10 * MINUTE_MS;

  test("end where the indexers have come to, whatever is asked for", () => {
    const bounds = { fromMs: 5, toMs: replayableMs, arrivedByMs: replayableMs };

    expect(boundsOf(asked(5), indexedMs, NOW_MS)).toEqual(bounds);
    expect(boundsOf(asked(5, NOW_MS), indexedMs, NOW_MS)).toEqual(bounds);
  });

  test("end before, where that is asked for", () => {
    expect(boundsOf(asked(undefined, 7), indexedMs, NOW_MS)).toEqual({ toMs: 7, arrivedByMs: replayableMs });
  });

  test("must be said where no indexer has been", () => {
    expect(boundsOf(asked(5, NOW_MS), undefined, NOW_MS)).toEqual({ fromMs: 5, toMs: NOW_MS });
    expect(() => boundsOf(asked(5), undefined, NOW_MS)).toThrow(
      /no indexer has been at work in http:\/\/search:9200\/: .*--until/,
    );
  });
});
