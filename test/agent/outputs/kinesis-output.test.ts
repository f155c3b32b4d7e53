import { randomBytes } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { Delivery } from "#agent/delivery.ts";
import { openKinesisOutput } from "#agent/outputs/kinesis-output.ts";
import type { Output } from "#agent/outputs/output.ts";
import { systemClock } from "#core/clock.ts";
import { fromLogRecordLine } from "#core/haproxy/logs/read-log-record.ts";
import { linesOf } from "#test/agent/log-receiver.ts";
import { type OpenSpooler, openSpooler } from "#test/agent/open-spooler.ts";
import { refusal } from "#test/support/aws/aws-front.ts";
import { openKinesis, readRecords, type TestKinesis } from "#test/support/aws/kinesis.ts";
import { temporaryFolder } from "#test/support/temporary-folder.ts";
import { until } from "#test/support/until.ts";

const STREAM = "haproxy-logs";
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let kinesis: TestKinesis;
let open: OpenSpooler;
let delivery: Delivery;
beforeEach(async () => {
  folder = await temporaryFolder();
  kinesis = await openKinesis(3, STREAM);
  open = await openSpooler(folder.path);
});
afterEach(async () => {
  await open.spooler.stop();
  await delivery.drain(0);
  await open.close();
  await kinesis.close();
  await folder.remove();
});

/** Delivers to the stream, at most so many records at once. */
function deliver(limits: Partial<Output["limits"]> = {}): void {
  const output = openKinesisOutput({ streamName: STREAM, clock: systemClock, config: kinesis.config });
  const { spool, log } = open;
  const limited = { ...output, limits: { ...output.limits, ...limits } };
  const options = { spool, folder: folder.path, clock: systemClock, log, gatherMs: 1, random: () => 0 };
  delivery = new Delivery({ ...options, output: limited });
  delivery.start();
}

async function heldLines(): Promise<string[]> {
  const records = await readRecords(kinesis.client, STREAM);
  const lines = records.flatMap(({ data }) => gunzipSync(data).toString().trimEnd().split("\n"));
  return linesOf(lines.map(fromLogRecordLine));
}

describe("a stream of Kinesis as an agent sees it", () => {
  test("holds each line once, in records that are gzip members of log records", async () => {
    deliver();
    const texts = Array.from({ length: 10_000 }, (_, index) => `<134>${index}`);

    open.take(...texts);
    await until(() => open.spool.delivered.sentTo === texts.length);

    expect(await heldLines()).toEqual(texts);
  });

  test("gets records again that it did not take, and those alone", async () => {
    let calls = 0;
    kinesis.behave(async (call, forward) => {
      if (calls++ > 0) return forward();
      const reply = await forward({ ...call.body, Records: call.body.Records.slice(1) });
      const refused = { ErrorCode: "ProvisionedThroughputExceededException", ErrorMessage: "slow down" };
      return { ...reply, body: { FailedRecordCount: 1, Records: [refused, ...reply.body.Records] } };
    });
    // Lines that do not compress: some blocks fill a record.
    const texts = Array.from({ length: 1_600 }, () => `<134>${randomBytes(750).toString("base64")}`);
    open.take(...texts);
    await until(() => open.spool.ledger.next > texts.length);

    deliver();
    await until(() => open.spool.delivered.sentTo === texts.length);

    expect(kinesis.calls[0]?.body.Records.length).toBeGreaterThan(1);
    expect(kinesis.calls[1]?.body.Records).toEqual([kinesis.calls[0]?.body.Records[0]]);
    expect(await heldLines()).toEqual(texts);
  });

  test("whose answer is lost holds the same ids twice, and no line is missing", async () => {
    let calls = 0;
    kinesis.behave(async (_, forward) => {
      const reply = await forward();
      return calls++ === 0 ? undefined : reply;
    });
    deliver();

    open.take("a", "b");
    await until(() => open.spool.delivered.sentTo === 2);

    expect(await heldLines()).toEqual(["a", "a", "b", "b"]);
  });

  test("that may not be written, or is not there, is tried until somebody has mended it", async () => {
    let calls = 0;
    kinesis.behave((_, forward) => {
      calls++;
      if (calls === 1) return refusal(400, "AccessDeniedException");
      if (calls === 2) return refusal(400, "ResourceNotFoundException");
      return forward();
    });
    deliver();

    open.take("a");
    await until(() => open.spool.delivered.sentTo === 1);

    expect(await heldLines()).toEqual(["a"]);
    expect(open.spool.ledger.dropped).toEqual([]);
    expect(delivery.state).toMatchObject({ retries: 2, failing: undefined });
  });

  test("that refuses what it is given costs that alone", async () => {
    kinesis.behave((call, forward) => {
      const lines = call.body.Records.flatMap(({ Data }: { readonly Data: string }) =>
        gunzipSync(Buffer.from(Data, "base64")).toString(),
      ).join("");
      return lines.includes("bad") ? refusal(400, "InvalidArgumentException") : forward();
    });
    deliver();

    open.take("a", "bad", "b");
    await until(() => open.spool.delivered.sentTo === 3);

    expect(await heldLines()).toEqual(["a", "b"]);
    expect(open.spool.ledger.dropped.map(({ from, to, cause }) => [from, to, cause])).toEqual([[2, 2, "refused"]]);
  });
});
