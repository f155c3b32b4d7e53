import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { SpooledBlock } from "#agent/spool/spool.ts";
import { type LogRecord, lineId, type Receipt, receiptId } from "#core/haproxy/logs/log-record.ts";
import { fromLogRecordLine } from "#core/haproxy/logs/read-log-record.ts";
import { linesOf } from "#test/agent/log-receiver.ts";
import { type OpenSpooler, openSpooler } from "#test/agent/open-spooler.ts";
import { temporaryFolder } from "#test/support/temporary-folder.ts";
import { until } from "#test/support/until.ts";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let open: OpenSpooler;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(async () => {
  await open.close();
  await folder.remove();
});

const WITHOUT_LIMITS = { records: 1e9, rawBytes: 1e9, bytes: 1e9 };
const readBlocks = (): Promise<readonly SpooledBlock[]> => open.spool.read(WITHOUT_LIMITS);

async function readRecords(): Promise<LogRecord[]> {
  const bodies = (await readBlocks()).map(({ body }) => body).filter((body) => body.length > 0);
  return bodies.flatMap((body) => gunzipSync(body).toString().trimEnd().split("\n").map(fromLogRecordLine));
}

const receipts = async (): Promise<Receipt[]> =>
  (await readRecords()).flatMap((record) => ("receipt" in record ? [record.receipt] : []));

/** A line that gzip cannot make small. */
const noise = (): string =>
  Array.from({ length: 500 }, () => String.fromCharCode(33 + Math.floor(Math.random() * 90))).join("");

describe("a spooler", () => {
  test("makes a record of each line, numbered as they came", async () => {
    open = await openSpooler(folder.path);
    const { incarnation } = open.spool.ledger;
    open.spooler.take([
      { bytes: Buffer.from("<134>a"), receivedAtMs: 1_000, cut: false },
      { bytes: Buffer.from([0xff]), receivedAtMs: 2_000, cut: true },
    ]);
    await until(() => open.spool.ledger.next === 3);

    const common = { namespace: "default", source: "edge-1", zone: "UTC" };
    expect(await readRecords()).toEqual([
      { id: lineId(incarnation, 1), at: "1970-01-01T00:00:01.000Z", ...common, line: "<134>a" },
      { id: lineId(incarnation, 2), at: "1970-01-01T00:00:02.000Z", ...common, cut: true, b64: "/w==" },
    ]);
  });

  test("gives numbers to what was lost, before those of the lines behind it", async () => {
    open = await openSpooler(folder.path);
    const { incarnation } = open.spool.ledger;

    open.spooler.lose(3, "kernel");
    open.take("a");
    await until(() => open.spool.ledger.next === 5);

    expect(open.spool.ledger.dropped).toEqual([{ incarnation, from: 1, to: 3, cause: "kernel" }]);
    expect((await readRecords()).map(({ id }) => id)).toEqual([lineId(incarnation, 4)]);
  });

  test("is full before its memory is, and loses what cannot wait by its name", async () => {
    open = await openSpooler(folder.path, { maxBytes: 1, whenFull: "block" });
    const line = { bytes: Buffer.alloc(60_000, "x"), receivedAtMs: 0, cut: false };
    while (!open.spooler.isFull) open.spooler.takeOrLose(line);
    const taken = open.spooler.waitingLines;
    await until(() => open.log.messages.includes("the spool is full"));

    for (let count = 0; count < 5; count++) open.spooler.takeOrLose(line);

    expect(taken).toBeLessThan(400);
    expect(open.spooler.waitingLines).toBe(taken);
    open.spool.maxBytes = 1e9;
    await until(() => open.spool.ledger.next === taken + 6);
    expect(open.spool.ledger.lost).toEqual({ "spool-full": 5 });
  });

  test("makes senders wait for a full spool that blocks, and loses nothing", async () => {
    open = await openSpooler(folder.path, { maxBytes: 1, whenFull: "block" });
    open.take("a", "b");
    await until(() => open.log.messages.includes("the spool is full"));

    open.spool.maxBytes = 1e9;
    await until(() => open.spool.ledger.next === 3);

    expect(linesOf(await readRecords())).toEqual(["a", "b"]);
    expect(open.spool.ledger.dropped).toEqual([]);
  });

  test("loses the lines that come to a full spool that drops the newest", async () => {
    open = await openSpooler(folder.path, { maxBytes: 20_000 });
    const lines = Array.from({ length: 60 }, noise);
    for (const [index, line] of lines.entries()) {
      open.take(line);
      await until(() => open.spool.ledger.next === index + 2);
    }

    const kept = linesOf(await readRecords());
    const { incarnation, dropped } = open.spool.ledger;

    expect(kept).toEqual(lines.slice(0, kept.length));
    expect(dropped).toEqual([{ incarnation, from: kept.length + 1, to: 60, cause: "spool-full" }]);
  });

  test("gives lines of other gateways' settings from when they are changed", async () => {
    open = await openSpooler(folder.path);
    open.take("a");
    await until(() => open.spool.ledger.next === 2);

    open.spooler.change({ source: "edge-2", zone: "+02:00" }, "block");
    open.take("b");
    await until(() => open.spool.ledger.next === 3);

    expect(await readRecords()).toMatchObject([
      { source: "edge-1", zone: "UTC" },
      { source: "edge-2", zone: "+02:00" },
    ]);
  });
});

describe("receipts", () => {
  test("follow each other without a gap, and say what became of every number", async () => {
    open = await openSpooler(folder.path);
    const { incarnation } = open.spool.ledger;
    open.take("a", "b");
    await until(() => open.spool.ledger.next === 3);
    await open.spooler.writeReceipts();
    open.spooler.lose(4, "kernel");
    open.take("c");
    await until(() => open.spool.ledger.next === 8);
    await open.spool.advance((await readBlocks()).at(-1) as SpooledBlock, 3);
    await open.spooler.writeReceipts();

    const [second] = await receipts();
    expect(second).toMatchObject({
      incarnation,
      from: 3,
      to: 7,
      received: 5,
      spooled: 1,
      sent: 3,
      lost: 4,
      sentTo: 7,
      dropped: [{ from: 3, to: 6, cause: "kernel" }],
    });
    expect((await readRecords()).map(({ id }) => id)).toEqual([receiptId(incarnation, 2)]);
  });

  test("begin where the one before ended, also after a kill", async () => {
    open = await openSpooler(folder.path);
    await open.spooler.writeReceipts();
    open.take("a");
    await open.close();

    open = await openSpooler(folder.path);
    await open.spooler.writeReceipts();

    const [first, second] = await receipts();
    expect(second?.since).toBe(first?.until);
    expect(second).toMatchObject({ from: 1, to: 1, received: 1, spooled: 1, interruptions: 1 });
  });

  test("close an incarnation that ends, and tell later what of it is lost", async () => {
    open = await openSpooler(folder.path);
    const former = open.spool.ledger.incarnation;
    open.take("a", "b");
    await open.close();

    open = await openSpooler(folder.path, { boot: "another" });
    const { incarnation } = open.spool.ledger;
    await open.spool.save(0, (ledger) => ({
      ...ledger,
      dropped: [{ incarnation: former, from: 2, to: 2, cause: "refused" }],
    }));
    await open.spooler.writeReceipts();

    expect(incarnation).not.toBe(former);
    expect(await receipts()).toMatchObject([
      { incarnation: former, from: 1, to: 2, received: 2, interruptions: 1 },
      { incarnation, from: 1, to: 0, received: 0 },
      { incarnation: former, from: 3, to: 2, received: 0, lost: 1, dropped: [{ from: 2, to: 2, cause: "refused" }] },
    ]);
    const ids = (await readRecords()).map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test("come early when there are many ranges to tell of", async () => {
    open = await openSpooler(folder.path);
    for (let range = 0; range < 120; range++) {
      open.spooler.lose(1, "kernel");
      open.take(`line ${range}`);
      await until(() => open.spool.ledger.next === 2 * range + 3);
    }

    const [first] = await receipts();
    expect(first?.dropped).toHaveLength(100);
    expect(open.spool.ledger.dropped).toHaveLength(20);
  });
});
