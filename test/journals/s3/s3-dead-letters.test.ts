import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { toSeq } from "#core/events/event-journal.ts";
import type { DeadLetter } from "#core/events/index-entries.ts";
import { S3DeadLetters } from "#journals/s3/s3-dead-letters.ts";
import { openS3, type TestS3 } from "#test/support/aws/s3.ts";

const SHARD = "events/shardId-000000000003";
const aLetter = (sequenceNumber: number, line = '{"id":"…"}'): DeadLetter => ({
  reason: "mapper_parsing_exception: no\nsuch thing",
  point: { shard: SHARD, seq: toSeq(sequenceNumber, 7) },
  line,
});

let s3: TestS3;
let nowMs: number;
let deadLetters: S3DeadLetters;

beforeEach(async () => {
  s3 = await openS3();
  nowMs = Date.UTC(2026, 2, 15, 23, 59);
  deadLetters = new S3DeadLetters({ bucket: "dead", prefix: "index-events", now: () => nowMs, config: s3.config });
});
afterEach(async () => {
  await deadLetters.close();
  await s3.close();
});

const bodies = (): string[] => [...s3.objects.values()].map(({ body }) => body);

describe("dead letters in S3", () => {
  test("are one file of NDJSON for each take, named by day, shard and first point", async () => {
    const letters = [aLetter(41), aLetter(42)];

    await deadLetters.take(letters);

    const [[name, object] = []] = s3.objects;
    expect(name).toMatch(new RegExp(`^dead/index-events/2026-03-15/${SHARD}/0{54}41\\.00007-[0-9a-f]{16}\\.ndjson$`));
    expect(object?.contentType).toBe("application/x-ndjson");
    expect(object?.body.endsWith("\n")).toBe(true);
    expect(
      object?.body
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line)),
    ).toEqual(letters);
  });

  test("of a batch that is repeated overwrite themselves", async () => {
    await deadLetters.take([aLetter(41), aLetter(42)]);
    await deadLetters.take([aLetter(41), aLetter(42)]);

    expect(s3.objects.size).toBe(1);
  });

  test("of a part of a batch overwrite nothing", async () => {
    await deadLetters.take([aLetter(41), aLetter(42)]);
    await deadLetters.take([aLetter(41)]);

    expect(bodies().map((body) => body.split("\n").length - 1)).toEqual([2, 1]);
  });

  test("lie under the day they are taken", async () => {
    await deadLetters.take([aLetter(41)]);
    nowMs += 60_000;
    await deadLetters.take([aLetter(42)]);

    expect([...s3.objects.keys()].map((name) => name.split("/")[2])).toEqual(["2026-03-15", "2026-03-16"]);
  });

  test("that come from no journal lie beside the shards", async () => {
    const { point: _, ...letter } = aLetter(41);

    await deadLetters.take([letter]);

    expect([...s3.objects.keys()]).toEqual([
      expect.stringMatching(/^dead\/index-events\/2026-03-15\/[0-9a-f]{16}\.ndjson$/),
    ]);
  });

  test.each([
    [503, "SlowDown"],
    [500, "InternalError"],
    [400, "RequestTimeout"],
  ])("are not taken when S3 answers %i %s, and a retry may help", async (status, code) => {
    s3.refuse(status, code);

    await expect(deadLetters.take([aLetter(41)])).rejects.toMatchObject({
      name: "PulseError",
      kind: "unavailable",
      cause: expect.any(Error),
    });
    expect(s3.objects.size).toBe(0);
  });

  test("are not taken when S3 cannot be reached, and a retry may help", async () => {
    await s3.close();

    await expect(deadLetters.take([aLetter(41)])).rejects.toMatchObject({ kind: "unavailable" });
  });

  test.each([
    [404, "NoSuchBucket"],
    [403, "AccessDenied"],
  ])("that meet %i %s have met a bug", async (status, code) => {
    s3.refuse(status, code);

    await expect(deadLetters.take([aLetter(41)])).rejects.toMatchObject({ name: code });
  });
});
