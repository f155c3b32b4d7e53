import { describe, expect, jest, test } from "@jest/globals";
import { PulseError } from "#core/errors.ts";
import type { EventStore, Kept } from "#core/events/event-store.ts";
import { toJournalLine } from "#core/events/records/journal-record.ts";
import { toBatch } from "#dev/journal-consumer.ts";
import { indexEventsHandler } from "#functions/index-events/index-events.ts";
import { type BatchOutcome, toMetricLine, writeMetrics } from "#functions/shared/metrics.ts";
import { anEvent } from "#test/support/samples/an-event.ts";

const NOW_MS = Date.UTC(2026, 2, 15, 12);
const ARRIVED_MS = NOW_MS - 4_000;

/** What a batch of an event and a line that is none comes to, on a store that answers so. */
async function outcomesOf(keep: () => Promise<readonly Kept[]>): Promise<BatchOutcome[]> {
  const outcomes: BatchOutcome[] = [];
  const store = { keep, checkpoint: async () => {} } as Partial<EventStore> as EventStore;
  const handler = indexEventsHandler({
    store,
    deadLetters: { take: async () => {} },
    onBatch: (outcome) => outcomes.push(outcome),
  });
  const data = `${toJournalLine(anEvent())}not an event\n`;
  await handler(toBatch("events/0", [{ sequenceNumber: 1n, data, appendedAtMs: ARRIVED_MS }])).catch(() => {});
  return outcomes;
}

describe("the figures of a consumer", () => {
  test("are what a batch kept, what went to the dead letters, and when its oldest record arrived", async () => {
    const outcomes = await outcomesOf(async () => [{ kept: true }]);

    expect(outcomes).toEqual([{ kept: 1, dead: 1, oldestArrivalMs: ARRIVED_MS }]);
  });

  test("count a batch that must come again", async () => {
    const outcomes = await outcomesOf(async () => {
      throw new PulseError("unavailable", "not now");
    });

    expect(outcomes).toEqual([{ returned: true }]);
  });

  test("are nothing where the function fails: Lambda counts that", async () => {
    const outcomes = await outcomesOf(async () => {
      throw new Error("a bug");
    });

    expect(outcomes).toEqual([]);
  });

  test.each([
    [
      { kept: 3, dead: 1, oldestArrivalMs: ARRIVED_MS },
      { EventsKept: 3, DeadLetters: 1, IndexingLag: 4_000 },
    ],
    [{ returned: true as const }, { BatchesReturned: 1 }],
  ])("are one line that CloudWatch makes metrics of: %j", (outcome, figures) => {
    const line = toMetricLine("pulse-index", outcome, NOW_MS);

    expect(line).toMatch(/^\{.*\}\n$/);
    const { _aws, FunctionName, ...members } = JSON.parse(line);
    const [directive] = _aws.CloudWatchMetrics;
    expect(members).toEqual(figures);
    expect(FunctionName).toBe("pulse-index");
    expect(_aws.Timestamp).toBe(NOW_MS);
    expect(directive).toMatchObject({ Namespace: "Pulse", Dimensions: [["FunctionName"]] });
    expect(directive.Metrics.map(({ Name }: { Name: string }) => Name)).toEqual(Object.keys(figures));
  });

  test("are written past the console, to which Lambda adds what would spoil the line", () => {
    const written = jest.spyOn(process.stdout, "write").mockReturnValue(true);
    const logged = jest.spyOn(console, "log").mockReturnValue();

    writeMetrics("pulse-index")({ returned: true });
    const lines = written.mock.calls.map(([line]) => String(line));
    written.mockRestore();

    expect(lines).toEqual([expect.stringMatching(/^\{"_aws":.*"BatchesReturned":1\}\n$/)]);
    expect(logged).not.toHaveBeenCalled();
    logged.mockRestore();
  });
});
