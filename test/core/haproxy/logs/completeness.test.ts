import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  type Completeness,
  examineCompleteness,
  isComplete,
  type LineRegister,
} from "#core/haproxy/logs/completeness.ts";
import { eventIdOf } from "#core/haproxy/logs/event-id.ts";
import { lineId, type Receipt, receiptBlockOf } from "#core/haproxy/logs/log-record.ts";
import { aReceipt, INCARNATION } from "#test/support/samples/log-records.ts";

const MINUTE_MS = 60_000;
const START_MS = Date.parse("2026-11-22T10:00:00Z");
const GATEWAY = "edge-1";
const OTHER_INCARNATION = "fedcba9876543210";

const minute = (number: number): string => new Date(START_MS + number * MINUTE_MS).toISOString();

/** What an agent tells of the minute that begins then, where it lost nothing. */
const receiptOf = (number: number, from: number, to: number, given: Partial<Receipt> = {}): Receipt =>
  aReceipt({
    since: minute(number),
    until: minute(number + 1),
    ...{ from, to, sentTo: to, received: to - from + 1, spooled: to - from + 1, sent: to - from + 1 },
    lost: 0,
    dropped: [],
    ...given,
  });

/** Holds the lines of these numbers, one that is given twice twice. */
function registerOf(receipts: readonly Receipt[], kept: readonly number[], incarnation = INCARNATION): LineRegister {
  const ids = Map.groupBy(kept, (number) => receiptBlockOf(lineId(incarnation, number)) as string);
  return {
    receipts: async (afterMs) =>
      receipts.filter(({ until }) => Date.parse(until) > afterMs).map((receipt) => ({ gateway: GATEWAY, receipt })),
    count: async (block) => ids.get(block)?.length ?? 0,
    ids: async (block) => (ids.get(block) ?? []).map((number) => eventIdOf(lineId(incarnation, number))),
    gateways: async () => new Map([[GATEWAY, kept.length]]),
  };
}

const numbers = (from: number, to: number, ...without: number[]): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index).filter((number) => !without.includes(number));

const examine = (register: LineRegister, { fromMinute = 0, toMinute = 10, isExact = false } = {}) =>
  examineCompleteness(register, {
    isExact,
    fromMs: START_MS + fromMinute * MINUTE_MS,
    toMs: START_MS + toMinute * MINUTE_MS,
    nowMs: START_MS + toMinute * MINUTE_MS,
  });

const onlySpool = ({ gateways }: Completeness) => gateways[0]?.spools[0];

describe("what receipts and events say together", () => {
  test("is complete when every number is there", async () => {
    const receipts = [receiptOf(8, 1, 15_000), receiptOf(9, 15_001, 31_000)];

    const found = await examine(registerOf(receipts, numbers(1, 31_000)));

    expect(isComplete(found)).toBe(true);
    expect(onlySpool(found)).toMatchObject({ from: 1, to: 31_000, kept: 31_000, missing: [], dropped: [] });
  });

  test("names what is missing, at the edges of blocks too", async () => {
    const receipts = [receiptOf(9, 1, 31_000)];

    const found = await examine(registerOf(receipts, numbers(1, 31_000, 1, 9_999, 10_000, 20_500, 31_000)));

    expect(isComplete(found)).toBe(false);
    expect(onlySpool(found)?.missing).toEqual([
      { from: 1, to: 1 },
      { from: 9_999, to: 10_000 },
      { from: 20_500, to: 20_500 },
      { from: 31_000, to: 31_000 },
    ]);
  });

  test("counts whole blocks, and reads them when it is to be exact: a doubled line is none that is missing", async () => {
    const register = registerOf([receiptOf(9, 1, 30_000)], [...numbers(1, 30_000, 12_345), 12_346]);

    const found = await examine(register, { isExact: true });

    expect(isComplete(await examine(register))).toBe(true);
    expect(onlySpool(found)).toMatchObject({ missing: [{ from: 12_345, to: 12_345 }], doubled: 1 });
  });

  test("knows what was dropped by its cause, also when a later receipt tells of it", async () => {
    const dropped = [{ from: 4, to: 5, cause: "kernel" }] as const;
    const told = [{ from: 8, to: 12, cause: "spool-full" }] as const;
    const receipts = [receiptOf(4, 1, 10, { dropped }), receiptOf(5, 11, 20, { dropped: told })];

    const found = await examine(registerOf(receipts, numbers(1, 20, 4, 5, 8, 9, 10, 11, 12)), { toMinute: 5 });

    expect(isComplete(found)).toBe(true);
    expect(onlySpool(found)).toMatchObject({
      ...{ from: 1, to: 10, kept: 5, missing: [] },
      dropped: [
        { from: 4, to: 5, cause: "kernel" },
        { from: 8, to: 10, cause: "spool-full" },
      ],
    });
  });

  test("does not call missing what waits in the spool", async () => {
    const found = await examine(registerOf([receiptOf(9, 1, 10, { sentTo: 6 })], numbers(1, 7)));

    expect(isComplete(found)).toBe(true);
    expect(onlySpool(found)).toMatchObject({ kept: 7, missing: [], waiting: [{ from: 8, to: 10 }] });
  });

  test("calls missing what waited in a spool that another one has replaced", async () => {
    const receipts = [
      receiptOf(0, 1, 10, { sentTo: 6 }),
      receiptOf(9, 1, 0, { incarnation: OTHER_INCARNATION, sentTo: 0 }),
    ];

    const found = await examine(registerOf(receipts, numbers(1, 7)));

    expect(onlySpool(found)).toMatchObject({ missing: [{ from: 8, to: 10 }], waiting: [] });
  });

  test("takes whole receipts that reach into the time, and no others", async () => {
    const receipts = [receiptOf(0, 1, 10), receiptOf(1, 11, 20), receiptOf(2, 21, 30), receiptOf(3, 31, 40)];

    const found = await examine(registerOf(receipts, numbers(1, 40)), { fromMinute: 1.5, toMinute: 2.5 });

    expect(onlySpool(found)).toMatchObject({ from: 11, to: 30, since: minute(1), until: minute(3) });
  });

  test("says which numbers have lost their receipt, and looks for them all the same", async () => {
    const receipts = [receiptOf(7, 1, 10), receiptOf(9, 21, 30)];

    const found = await examine(registerOf(receipts, numbers(1, 30, 15)));

    expect(onlySpool(found)).toMatchObject({
      untold: [{ from: 11, to: 20 }],
      missing: [{ from: 15, to: 15 }],
    });
  });

  test("reads losses of a spool that gives no numbers any more", async () => {
    const dropped = [{ from: 4, to: 9, cause: "spool-full" }] as const;
    const former = receiptOf(9, 10, 9, { received: 0, sentTo: 9, dropped, lost: 6 });

    const found = await examine(registerOf([former], []));

    expect(isComplete(found)).toBe(true);
    expect(onlySpool(found)).toMatchObject({ from: 10, to: 9, kept: 0, dropped, missing: [] });
  });

  test("says since when a gateway is silent", async () => {
    const found = await examine(registerOf([receiptOf(0, 1, 10)], numbers(1, 10)));

    expect(found.gateways).toMatchObject([{ gateway: GATEWAY, silentSince: minute(1) }]);
    expect(isComplete(found)).toBe(false);
  });

  test("counts how often the agent was ended by force", async () => {
    const receipts = [receiptOf(8, 1, 10, { interruptions: 2 }), receiptOf(9, 11, 20, { interruptions: 3 })];

    const found = await examine(registerOf(receipts, numbers(1, 20)));

    expect(onlySpool(found)?.interruptions).toBe(5);
  });

  test("proves nothing without receipts, and names gateways that have lines", async () => {
    const found = await examine(registerOf([], numbers(1, 3)));

    expect(isComplete(found)).toBe(false);
    expect(found).toEqual({ gateways: [], withoutReceipts: [{ gateway: GATEWAY, lines: 3 }] });
  });

  test("finds whatever is lost, and nothing else", async () => {
    const anyFate = fc.constantFrom("kept", "kept", "kept", "missing", "dropped", "twice");
    await fc.assert(
      fc.asyncProperty(fc.array(anyFate, { minLength: 1, maxLength: 60 }), fc.nat(25_000), async (fates, offset) => {
        const numberOf = (index: number): number => offset + 1 + index;
        const having = (...wanted: string[]) =>
          fates.flatMap((fate, index) => (wanted.includes(fate) ? [numberOf(index)] : []));
        const dropped = having("dropped").map((number) => ({ from: number, to: number, cause: "kernel" as const }));
        const receipt = receiptOf(9, numberOf(0), numberOf(fates.length - 1), { dropped });

        const found = await examine(registerOf([receipt], [...having("kept", "twice"), ...having("twice")]));

        const missing = onlySpool(found)?.missing.flatMap(({ from, to }) => numbers(from, to));
        expect(missing).toEqual(having("missing"));
        expect(onlySpool(found)?.doubled).toBe(having("twice").length);
        expect(isComplete(found)).toBe(having("missing", "twice").length === 0);
      }),
      { numRuns: 200 },
    );
  });
});
