import { mkdirSync, readFileSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { Delivery } from "#agent/delivery.ts";
import type { BlockOutcome, Output } from "#agent/outputs/output.ts";
import type { Block } from "#agent/spool/block.ts";
import { type Clock, systemClock } from "#core/clock.ts";
import { type OpenSpooler, openSpooler } from "#test/agent/open-spooler.ts";
import { temporaryFolder } from "#test/support/temporary-folder.ts";
import { until } from "#test/support/until.ts";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let open: OpenSpooler;
let delivery: Delivery;
beforeEach(async () => {
  folder = await temporaryFolder();
  open = await openSpooler(folder.path);
});
afterEach(async () => {
  await open.spooler.stop();
  await delivery.drain(0);
  await open.close();
  await folder.remove();
});

/** The pauses that were waited for, none of which takes its time. */
const pauses: number[] = [];
const hastyClock = {
  now: systemClock.now,
  after(ms: number, action: () => void) {
    pauses.push(ms);
    return systemClock.after(Math.min(ms, 5), action);
  },
};

const recordsOf = (block: Block): string[] => gunzipSync(block.body).toString().trimEnd().split("\n");
const linesOf = (block: Block): string[] =>
  recordsOf(block).map((record) => (JSON.parse(record) as { line: string }).line);

function deliverTo(
  send: (blocks: readonly Block[]) => readonly BlockOutcome[],
  clock: Pick<Clock, "now" | "after"> = hastyClock,
): string[] {
  const taken: string[] = [];
  const output: Output = {
    name: "the test",
    limits: { records: 100, rawBytes: 1e9, bytes: 1e9 },
    async send(blocks) {
      const outcomes = send(blocks);
      for (const [index, outcome] of outcomes.entries()) {
        if (outcome.kind !== "delivered") continue;
        const refused = new Set(outcome.refused?.map(({ place }) => place));
        taken.push(...linesOf(blocks[index] as Block).filter((_, place) => !refused.has(place)));
      }
      return outcomes;
    },
    close() {},
  };
  pauses.length = 0;
  const { spool, log } = open;
  delivery = new Delivery({ spool, output, folder: folder.path, clock, log, gatherMs: 1, random: () => 1 });
  delivery.start();
  return taken;
}

const all = (blocks: readonly Block[], outcome: BlockOutcome): BlockOutcome[] => blocks.map(() => outcome);
const quarantined = (): { reason: string; record: string }[] =>
  readFileSync(join(folder.path, "quarantine.ndjson"), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));

describe("the delivery of a spool", () => {
  test("sends lines in their order, and then has nothing left", async () => {
    const taken = deliverTo((blocks) => all(blocks, { kind: "delivered" }));

    open.take("a", "b");
    await until(() => taken.length === 2);
    open.take("c");
    await until(() => open.spool.delivered.sentTo === 3);

    expect(taken).toEqual(["a", "b", "c"]);
    expect(delivery.state).toMatchObject({ sentLines: 3, retries: 0, failing: undefined });
  });

  test("tries again what failed, and that alone, with pauses that grow to half a minute", async () => {
    let calls = 0;
    const sent: string[][] = [];
    const taken = deliverTo((blocks) => {
      sent.push(blocks.flatMap(linesOf));
      return blocks.map((_, index) =>
        index === 0 && calls++ < 10 ? { kind: "failed", reason: "busy" } : { kind: "delivered" },
      );
    });

    open.take("a");
    await until(() => open.spool.ledger.next === 2);
    open.take("b");
    await until(() => open.spool.delivered.sentTo === 2);

    expect(taken.toSorted()).toEqual(["a", "b"]);
    expect(sent.slice(1, 10)).toEqual(Array.from({ length: 9 }, () => ["a"]));
    const waited = pauses.filter((ms) => ms >= 200);
    expect(waited).toEqual([200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000]);
    expect(delivery.state).toMatchObject({ retries: 10, failing: undefined });
    expect(open.log.messages).toEqual(["lines wait in the spool", "lines pass again"]);
  });

  test("waits as long as it is told to, within reason", async () => {
    let calls = 0;
    const taken = deliverTo((blocks) => {
      calls++;
      if (calls === 1) return all(blocks, { kind: "failed", reason: "busy", retryAfterMs: 7_000 });
      if (calls === 2) return all(blocks, { kind: "failed", reason: "busy", retryAfterMs: 1e9 });
      return all(blocks, { kind: "delivered" });
    });

    open.take("a");
    await until(() => taken.length === 1);

    expect(pauses.filter((ms) => ms >= 200)).toEqual([7_200, 300_400]);
  });

  test("puts the one record aside that makes the receiver refuse all it comes with", async () => {
    const taken = deliverTo((blocks) =>
      all(blocks, blocks.flatMap(linesOf).includes("bad") ? { kind: "refused", reason: "no" } : { kind: "delivered" }),
    );

    open.take("a", "b", "c", "bad", "d");
    await until(() => open.spool.ledger.next === 6);
    open.take("e");
    await until(() => open.spool.delivered.sentTo === 6);

    expect(taken.toSorted()).toEqual(["a", "b", "c", "d", "e"]);
    expect(quarantined().map(({ reason, record }) => [reason, JSON.parse(record).line])).toEqual([["no", "bad"]]);
    const { incarnation, dropped } = open.spool.ledger;
    expect(dropped).toEqual([{ incarnation, from: 4, to: 4, cause: "refused" }]);
    expect(open.spool.delivered.delivered).toBe(5);
    expect(delivery.state).toMatchObject({ sentLines: 5 });
  });

  test("puts records aside that the receiver names", async () => {
    const taken = deliverTo((blocks) =>
      blocks.map((block) => ({
        kind: "delivered",
        refused: linesOf(block).flatMap((line, place) => (line === "bad" ? [{ place, reason: "no" }] : [])),
      })),
    );

    open.take("a", "bad", "b", "bad");
    await until(() => open.spool.delivered.sentTo === 4);

    expect(taken).toEqual(["a", "b"]);
    expect(quarantined()).toHaveLength(2);
    expect(open.spool.ledger.dropped.map(({ from, to }) => [from, to])).toEqual([
      [2, 2],
      [4, 4],
    ]);
  });

  test("that the disk refuses its cursor says so, goes on when it takes it again, and misses nothing", async () => {
    const taken = deliverTo((blocks) => all(blocks, { kind: "delivered" }));
    const inTheWay = join(folder.path, "cursor.json.unfinished");
    mkdirSync(inTheWay);

    open.take("a");
    await until(() => taken.length >= 2);
    await until(() => delivery.state.failing !== undefined);
    const { failing } = delivery.state;
    rmdirSync(inTheWay);
    open.take("b");
    await until(() => open.spool.delivered.sentTo === 2 && delivery.state.failing === undefined);

    expect(failing?.reason).toContain("cursor.json");
    expect(new Set(taken)).toEqual(new Set(["a", "b"]));
    expect(open.log.messages).toContain("the spool cannot be read, or what is sent not be noted");
  });

  test("that is told to end sends what there is, and gives up when the time is over", async () => {
    let isDown = true;
    const taken = deliverTo((blocks) =>
      all(blocks, isDown ? { kind: "failed", reason: "down" } : { kind: "delivered" }),
    );
    open.take("a");
    await until(() => delivery.state.failing !== undefined);

    await delivery.drain(20);
    expect(taken).toEqual([]);
    isDown = false;
    const later = deliverTo((blocks) => all(blocks, { kind: "delivered" }), systemClock);
    await delivery.drain(60_000);

    expect(later).toEqual(["a"]);
  });
});
