import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { toArchiveEvent } from "#core/artifacts/archive-event.ts";
import type { ArtifactState } from "#core/artifacts/artifact-state.ts";
import { PulseError } from "#core/errors.ts";
import type { Event } from "#core/events/event.ts";
import type { Appended } from "#core/events/event-journal.ts";
import type { DeadLetter } from "#core/events/index-entries.ts";
import { publishArchiveHandler } from "#functions/publish-archive/publish-archive.ts";
import type { BatchOutcome } from "#functions/shared/metrics.ts";
import { fromItem, toItem } from "#stores/dynamodb/artifact-item.ts";
import { toStreamBatch } from "#test/support/aws/table-stream.ts";

const aState = (version: number, given: Partial<ArtifactState> = {}): ArtifactState => ({
  namespace: "default",
  kind: "breeds",
  name: "sava/9050",
  version,
  changedAtMs: Date.UTC(2026, 2, 15, 12) + version,
  change: version === 1 ? "create" : "update",
  content: { source: `{"v":${version}}`, format: "json" },
  ...given,
});

describe("publish-archive", () => {
  let appended: Event[][];
  let letters: DeadLetter[];
  let outcomes: BatchOutcome[];
  let answer: (event: Event) => Appended;
  const point = { point: { shard: "events/0", seq: "1" } };

  beforeEach(() => {
    appended = [];
    letters = [];
    outcomes = [];
    answer = () => point;
  });

  const publish = publishArchiveHandler({
    journal: {
      append: async (events) => {
        appended.push([...events]);
        return events.map((event) => answer(event));
      },
    },
    deadLetters: {
      take: async (taken) => {
        letters.push(...taken);
      },
    },
    fromItem,
    onBatch: (outcome) => outcomes.push(outcome),
  });
  const batchOf = (...states: ArtifactState[]) => toStreamBatch(states.map((state) => toItem(state, "writer")));

  afterEach(() => {
    expect(outcomes).toHaveLength(1);
  });

  test("puts the event of each change into the journal, in order", async () => {
    const { content: _, ...deleted } = aState(3, { change: "delete" });
    const states = [aState(1), aState(2), deleted];

    expect(await publish(batchOf(...states))).toEqual({ batchItemFailures: [] });
    expect(appended).toEqual([states.map(toArchiveEvent)]);
    expect(outcomes).toMatchObject([{ kept: 3, dead: 0 }]);
  });

  test("names the first change that the journal does not take, from which the same events come again", async () => {
    const batch = batchOf(aState(1), aState(2), aState(3));
    answer = ({ value }) => (value?.includes("2") ? { notTaken: "throttled", retryAfterSeconds: 1 } : point);

    const { batchItemFailures } = await publish(batch);

    expect(batchItemFailures).toEqual([{ itemIdentifier: batch.Records[1]?.dynamodb?.SequenceNumber }]);
    expect(outcomes).toEqual([{ returned: true }]);
    answer = () => point;
    outcomes = [];
    await publish({ Records: batch.Records.slice(1) });
    expect(appended[1]).toEqual(appended[0]?.slice(1));
  });

  test("puts an item that says nothing aside with its reason, and costs no other its event", async () => {
    const batch = batchOf(aState(1), aState(2), aState(3));
    const image = batch.Records[1]?.dynamodb?.NewImage as Record<string, { S: string }>;
    image.version = { S: "two" };

    expect(await publish(batch)).toEqual({ batchItemFailures: [] });
    expect(appended[0]?.map(({ value }) => value)).toEqual(['"{\\"v\\":1}"', '"{\\"v\\":3}"']);
    expect(letters).toEqual([
      {
        reason: expect.stringContaining("is no artifact"),
        point: { shard: "artifacts/stream/2026-03-15T12:00:00.000", seq: expect.stringMatching(/^\d{56}\.\d{5}$/) },
        line: JSON.stringify(image),
      },
    ]);
    expect(outcomes).toMatchObject([{ kept: 2, dead: 1 }]);
  });

  test("comes again as a whole while the place of dead letters cannot be used", async () => {
    const batch = batchOf(aState(1));
    const broken = publishArchiveHandler({
      journal: { append: async () => [] },
      deadLetters: {
        take: async () => {
          throw new PulseError("unavailable", "S3 is away");
        },
      },
      fromItem: () => {
        throw new Error("no artifact");
      },
      onBatch: (outcome) => outcomes.push(outcome),
    });

    expect(await broken(batch)).toEqual({
      batchItemFailures: [{ itemIdentifier: batch.Records[0]?.dynamodb?.SequenceNumber }],
    });
  });

  test("publishes nothing of an item that somebody removed", async () => {
    const batch = batchOf(aState(1));
    const [record] = batch.Records;
    const { NewImage: _, ...removed } = record?.dynamodb ?? {};

    await publish({ Records: [{ ...record, eventName: "REMOVE", dynamodb: removed }] });

    expect(appended).toEqual([[]]);
    expect(letters).toEqual([]);
  });

  test("throws what is a bug", async () => {
    answer = () => {
      throw new TypeError("a bug");
    };

    await expect(publish(batchOf(aState(1)))).rejects.toThrow("a bug");
    outcomes.push({ returned: true });
  });
});
