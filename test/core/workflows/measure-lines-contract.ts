import { describe, expect, test } from "@jest/globals";
import type { Event } from "#core/events/event.ts";
import type { EventStore } from "#core/events/event-store.ts";
import { measureLines } from "#core/workflows/measure-lines.ts";
import { type MeasuringGround, openMeasuringGround, RHYTHM, START_MS } from "#test/core/workflows/measuring-ground.ts";

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;

/** What is measured of lines, and when, on any engine. */
export function measuresLines(name: string, open: () => EventStore): void {
  const groundOf = (rhythm = RHYTHM): MeasuringGround => openMeasuringGround(open(), rhythm);

  const measureAt = (ground: MeasuringGround, atMs: number, workflow: "health" | "metrics" = "metrics") => {
    ground.nowMs = START_MS + atMs;
    return measureLines(workflow, ground.namespace, ground.measuring);
  };

  describe(`${name}: a window`, () => {
    test("is measured by the lines that were received in it, its beginning included, its end not", async () => {
      const ground = groundOf();
      await ground.log([-1, 0, 29_999, 30_000].map((atMs) => ({ ft: "shop", atMs, value: { ST: 200, Tt: 10 } })));

      await measureAt(ground, 40 * SECOND_MS);

      expect(await ground.published("gateways:shop", "gateway", "metrics:rate")).toEqual([
        [0, 0.03],
        [30_000, 0.07],
      ]);
    });

    test("has the requests that were answered in it, however long ago they began by their gateway's clock", async () => {
      const ground = groundOf();
      await ground.log([
        { ft: "slow", b: "app", atMs: 5000, agoMs: 50_000, value: { ST: 504, Ta: 50_000 } },
        { ft: "stopped", b: "app", atMs: 5000, agoMs: 200 * 24 * 60 * MINUTE_MS, value: { ST: 504, Ta: 5 } },
        { ft: "ahead", b: "app", atMs: 5000, agoMs: -60 * MINUTE_MS, value: { ST: 504, Ta: 5 } },
      ]);

      await measureAt(ground, 40 * SECOND_MS, "health");

      for (const gateway of ["slow", "stopped", "ahead"])
        expect(await ground.published(`gateways:${gateway}`, "gateway", "health")).toEqual([[30_000, 0]]);
    });

    test("gives each gateway and each backend that it sent to its own figures", async () => {
      const ground = groundOf();
      await ground.log([
        ...[10, 20, 30, 40].map((Ta) => ({ ft: "shop", b: "app", atMs: 1000, value: { ST: 200, Ta, Tw: 2 } })),
        { ft: "shop", b: "app", atMs: 2000, value: { ST: 503, Ta: -1, Tw: -1 } },
        { ft: "shop", b: "img", atMs: 2000, value: { ST: 200, Ta: 7.5, Tw: 0 } },
        { ft: "mail", b: "app", atMs: 2000, value: { Tt: 100, Ta: -1, Tw: 4 } },
        { ft: "solo", atMs: 2000, value: { ST: 404, Tt: 3, Tw: 0 } },
      ]);

      await measureAt(ground, 40 * SECOND_MS);
      await measureAt(ground, 40 * SECOND_MS, "health");
      const at = async (...tags: string[]) => (await ground.published(...tags)).map(([, value]) => value);

      expect(await at("gateways:shop", "gateway", "metrics:rate")).toEqual([0.2]);
      expect(await at("gateways:shop", "routes:app", "metrics:rate")).toEqual([0.17]);
      expect(await at("gateways:shop", "routes:app", "metrics:responseTime")).toEqual([25]);
      expect(await at("gateways:shop", "routes:app", "metrics:queueTime")).toEqual([2]);
      expect(await at("gateways:shop", "routes:app", "metrics:errorRatio")).toEqual([0.2]);
      expect(await at("gateways:mail", "gateway", "metrics:responseTime")).toEqual([100]);
      expect(await at("gateways:mail", "routes:app", "health")).toEqual([1]);
      expect(await at("gateways:shop", "routes:app", "health")).toEqual([0]);
      expect(await at("gateways:shop", "routes:img", "health")).toEqual([1]);
      expect(await at("gateways:shop", "gateway", "health")).toEqual([0]);
      expect(await at("gateways:solo", "route")).toEqual([]);
      const [p99] = await at("gateways:shop", "routes:app", "metrics:responseTime:p99");
      expect(p99).toBeGreaterThan(30);
      expect(p99).toBeLessThanOrEqual(40);
    });

    test("without lines is measured where an artifact declares the gateway: rate 0, health 1", async () => {
      const ground = groundOf();
      ground.declare(
        "gateways",
        "idle",
        { name: "idle", port: "80/http", routes: { app: { weight: "100%" } } },
        START_MS,
      );

      await measureAt(ground, 40 * SECOND_MS);
      await measureAt(ground, 40 * SECOND_MS, "health");
      const last = async (...tags: string[]) => (await ground.published(...tags)).at(-1);

      for (const metric of ["rate", "responseTime", "responseTime:p99", "queueTime", "errorRatio"])
        expect(await last("gateways:idle", "gateway", `metrics:${metric}`)).toEqual([30_000, 0]);
      expect(await last("gateways:idle", "gateway", "health")).toEqual([30_000, 1]);
      expect(await last("gateways:idle", "route", "routes:app", "health")).toEqual([30_000, 1]);
    });

    test("that nothing is known of is not told of at all", async () => {
      const ground = groundOf();

      const measured = await measureAt(ground, 40 * SECOND_MS);

      expect(measured).toMatchObject({ events: 0, linesGivenUp: 0, linesLate: 0 });
      expect(ground.appended).toEqual([]);
    });
  });

  describe(`${name}: windows`, () => {
    const eachTenSeconds = Array.from({ length: 60 }, (_, index) => ({
      ft: "shop",
      atMs: index * 10 * SECOND_MS,
      value: { ST: 200, Tt: 10 },
    }));
    const lines = async (ground: MeasuringGround) =>
      (await ground.published("workflows:metrics", "measured")).map(([atMs, value]) => [
        atMs,
        (value as { lines: number }).lines,
      ]);

    test("that were missed are measured, each once, none left out", async () => {
      const ground = groundOf();
      await ground.log(eachTenSeconds);

      for (const atMs of [40, 55, 75, 400, 610]) await measureAt(ground, atMs * SECOND_MS);

      expect(await lines(ground)).toEqual(Array.from({ length: 20 }, (_, index) => [(index + 1) * 30_000, 3]));
      expect(ground.appended).toHaveLength(await ground.events().then((events) => events.length));
    });

    test("that lie further back than 15 minutes are given up, and their lines counted", async () => {
      const ground = groundOf();
      await ground.log(eachTenSeconds);
      await measureAt(ground, 100 * SECOND_MS);

      const measured = await measureAt(ground, 20 * MINUTE_MS + 10 * SECOND_MS);

      expect(measured.linesGivenUp).toBe(21);
      expect((await lines(ground)).map(([atMs]) => atMs)).toEqual([
        30_000,
        60_000,
        90_000,
        ...Array.from({ length: 10 }, (_, index) => 330_000 + index * 30_000),
      ]);
    });

    test("are given up once, even where nothing is measured after them", async () => {
      const ground = groundOf();
      await ground.log(eachTenSeconds);
      await measureAt(ground, 100 * SECOND_MS);

      const first = await measureAt(ground, 40 * MINUTE_MS);
      const second = await measureAt(ground, 41 * MINUTE_MS);

      expect([first.linesGivenUp, second.linesGivenUp]).toEqual([51, 0]);
    });

    test("measured twice, late, or by two at once are published once", async () => {
      const ground = groundOf();
      await ground.log(eachTenSeconds);
      ground.nowMs = START_MS + 100 * SECOND_MS;
      const run = () => measureLines("metrics", ground.namespace, ground.measuring);

      await Promise.all([run(), run()]);
      const first = await ground.events();
      await run();

      expect(await ground.events()).toEqual(first);
      const measured = ({ type, timestamp, tags }: Event) => JSON.stringify([type, timestamp, tags]);
      expect(new Set(first.map(measured)).size).toBe(first.length);
      expect(ground.appended.length).toBeGreaterThan(new Set(ground.appended.map(measured)).size);
    });

    test("of which the journal took a part are finished by the next run", async () => {
      const ground = groundOf();
      await ground.log(eachTenSeconds);
      ground.failing = 1;

      await expect(measureAt(ground, 70 * SECOND_MS)).rejects.toMatchObject({ kind: "unavailable" });
      expect(await lines(ground)).toEqual([]);
      await measureAt(ground, 71 * SECOND_MS);

      expect(await lines(ground)).toEqual([
        [30_000, 3],
        [60_000, 3],
      ]);
      expect(await ground.published("gateways:shop", "metrics:errorRatio")).toHaveLength(2);
    });

    test("may overlap: each is of its whole length, and a line is counted once", async () => {
      const ground = groundOf({ ...RHYTHM, everyMs: 5000, graceMs: 0 });
      await ground.log([{ ft: "shop", atMs: 0, value: { ST: 200, Tt: 10 } }]);

      for (let atMs = 0; atMs <= 40_000; atMs += 5000) await measureAt(ground, atMs);

      expect(await ground.published("gateways:shop", "metrics:rate")).toEqual(
        [5, 10, 15, 20, 25, 30].map((second) => [second * SECOND_MS, 0.03]),
      );
      expect((await lines(ground)).reduce((sum, [, count]) => sum + (count as number), 0)).toBe(1);
    });
  });

  describe(`${name}: a line that comes late`, () => {
    test("changes no figure that was published, and is counted", async () => {
      const ground = groundOf();
      await ground.log([1, 2].map((second) => ({ ft: "shop", atMs: second * 1000, value: { ST: 200, Tt: 1 } })));
      await measureAt(ground, 40 * SECOND_MS);
      const before = await ground.published("gateways:shop");
      await ground.log([3, 4, 5].map((second) => ({ ft: "shop", atMs: second * 1000, value: { ST: 500, Tt: 99 } })));
      await ground.log([{ ft: "shop", atMs: 5.4 * MINUTE_MS, value: { ST: 200, Tt: 1 } }]);

      const { linesLate } = await measureAt(ground, 5.5 * MINUTE_MS + 10 * SECOND_MS);

      expect(linesLate).toBe(3);
      expect((await ground.published("gateways:shop")).slice(0, before.length)).toEqual(before);
      expect((await ground.published("workflows:metrics", "measured")).at(-1)).toEqual([
        5.5 * MINUTE_MS,
        { from: "2026-03-15T12:05:00.000Z", to: "2026-03-15T12:05:30.000Z", lines: 1, late: 3 },
      ]);
    });

    test("is counted as well where nothing was seen of its window, but not from before the workflow began", async () => {
      const aLine = (atMs: number) => ({ ft: "shop", atMs, value: { ST: 200, Tt: 1 } });
      const ground = groundOf();
      await ground.log([10_000, 5.2 * MINUTE_MS, 6.9 * MINUTE_MS].map(aLine));
      const begun = await measureAt(ground, 20 * MINUTE_MS + 10 * SECOND_MS);
      await ground.log([aLine(6.6 * MINUTE_MS), aLine(21 * MINUTE_MS)]);
      await measureAt(ground, 22 * MINUTE_MS);
      await ground.log([aLine(20.2 * MINUTE_MS), aLine(25.2 * MINUTE_MS)]);
      const later = await measureAt(ground, 26 * MINUTE_MS);

      expect(begun.linesLate).toBe(0);
      expect(later.linesLate).toBe(1);
    });

    test("is measured where nothing of its window was published, and nothing after it", async () => {
      const ground = groundOf();
      await measureAt(ground, 40 * SECOND_MS);
      await ground.log([{ ft: "shop", atMs: 5000, value: { ST: 200, Tt: 1 } }]);

      await measureAt(ground, 70 * SECOND_MS);

      expect(await ground.published("gateways:shop", "metrics:rate")).toEqual([[30_000, 0.03]]);
    });
  });

  describe(`${name}: a clock that jumps`, () => {
    test("ahead and back again neither stops the workflow nor changes what it published", async () => {
      const ground = groundOf({ ...RHYTHM, catchUpMs: 2 * MINUTE_MS });
      ground.declare("gateways", "shop", {}, START_MS);
      await measureAt(ground, 40 * SECOND_MS);
      await measureAt(ground, 600 * MINUTE_MS);
      const ahead = await ground.events();

      await measureAt(ground, 100 * SECOND_MS);

      const rates = await ground.published("gateways:shop", "metrics:rate");
      expect(rates.map(([atMs]) => atMs)).toEqual(expect.arrayContaining([30_000, 60_000, 90_000]));
      expect(await ground.events()).toEqual(expect.arrayContaining([...ahead]));
      expect(new Set(rates.map(([atMs]) => atMs)).size).toBe(rates.length);
    });
  });
}
