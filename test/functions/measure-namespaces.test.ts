import { expect, jest, test } from "@jest/globals";
import { measureMetricsHandler } from "#functions/measure-metrics/measure-metrics.ts";
import { measureNamespaces } from "#functions/shared/measure-namespaces.ts";
import { type Unmeasured, writeUnmeasured } from "#functions/shared/metrics.ts";
import { openDatabase } from "#stores/embedded/database.ts";
import { EmbeddedEventStore } from "#stores/embedded/embedded-event-store.ts";
import { openMeasuringGround, START_MS } from "#test/core/workflows/measuring-ground.ts";

const MINUTE_MS = 60_000;

test("lines that came after their window was published are told by the run that finds them, and by no other", async () => {
  const store = new EmbeddedEventStore({ database: openDatabase(":memory:") });
  const ground = openMeasuringGround(store);
  const told: Unmeasured[] = [];
  const measure = measureMetricsHandler([ground.namespace], ground.measuring, (unmeasured) => told.push(unmeasured));
  const log = (...atMs: number[]) =>
    ground.log(atMs.map((at) => ({ ft: "shop", atMs: at, value: { ST: 200, Tt: 1 } })));
  const runAt = async (atMs: number) => {
    ground.nowMs = START_MS + atMs;
    await measure();
  };

  await log(1000);
  await runAt(40_000);
  await log(2000, 3000, 5.4 * MINUTE_MS);
  await runAt(5.5 * MINUTE_MS + 10_000);
  await log(5.9 * MINUTE_MS);
  await runAt(6 * MINUTE_MS + 10_000);

  expect(told.map(({ linesLate }) => linesLate)).toEqual([0, 2, 0]);
});

test("all namespaces are told together, also where one cannot be measured", async () => {
  const told: Unmeasured[] = [];
  const measure = measureNamespaces(
    "metrics",
    ["team-a", "team-b"],
    async (namespace) => {
      if (namespace === "team-a") throw new Error("on purpose");
      return { linesLate: 3, linesGivenUp: namespace === "team-b" ? 7 : 0 };
    },
    (unmeasured) => told.push(unmeasured),
  );

  await expect(measure()).rejects.toThrow("on purpose");

  expect(told).toEqual([{ linesLate: 6, linesGivenUp: 7 }]);
});

test("what is told is one line that CloudWatch makes metrics of, by the function's name", () => {
  const written = jest.spyOn(process.stdout, "write").mockReturnValue(true);
  writeUnmeasured("pulse-measure-metrics")({ linesLate: 3, linesGivenUp: 0 });
  const lines = written.mock.calls.map(([line]) => String(line));
  written.mockRestore();

  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/^\{.*\}\n$/);
  const { _aws, ...members } = JSON.parse(lines[0] as string);
  expect(members).toEqual({ FunctionName: "pulse-measure-metrics", LinesLate: 3, LinesGivenUp: 0 });
  expect(_aws.CloudWatchMetrics).toEqual([
    {
      Namespace: "Pulse",
      Dimensions: [["FunctionName"]],
      Metrics: [
        { Name: "LinesLate", Unit: "Count" },
        { Name: "LinesGivenUp", Unit: "Count" },
      ],
    },
  ]);
});
