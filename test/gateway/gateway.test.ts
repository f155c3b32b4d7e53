import { expect, test } from "@jest/globals";
import { type GatewayOptions, type GatewayResult, runGateway } from "#test/gateway/run-gateway.ts";
import { describeHaproxy } from "#test/real-haproxy/describe-haproxy.ts";

describeHaproxy("a gateway whose agent and server are killed", () => {
  test("has each line as an event once, and verify says so", async () => {
    const result = await run({ kills: 3, ways: ["file", "ring"] });

    expect(result.file).toEqual({ lost: [], surplus: [] });
    expect(wayOf(result, "file")).toMatchObject({ lost: [], surplus: [], unparsed: 0, events: result.lines });
    expect(wayOf(result, "file").verify).toMatchObject({ code: 0, stdout: expect.stringContaining("complete") });
    expect(wayOf(result, "ring")).toMatchObject({ surplus: [], unparsed: 0 });
  }, 180_000);
});

describeHaproxy("the comparison with a second log sink", () => {
  test("sees lines lost that a receiver forgets after its answer, and so does verify", async () => {
    const { ways } = await run({ kills: 0, sabotage: "swallow-request", patienceMs: 5_000 });

    const lost = ways[0]?.lost.length;
    expect(lost).toBeGreaterThan(0);
    expect(ways[0]).toMatchObject({
      surplus: [],
      verify: { code: 1, stdout: expect.stringMatching(new RegExp(`: ${lost} lines? missing`)) },
    });
  }, 180_000);
});

/** One world of those that `npm run test:gateway` can make, always the same. */
const SEED = 1;

const run = (options: Pick<GatewayOptions, "kills"> & Partial<GatewayOptions>): Promise<GatewayResult> =>
  runGateway({ requests: 600, rate: 150, seed: SEED, ways: ["file"], ...options });

function wayOf({ ways }: GatewayResult, way: string): GatewayResult["ways"][number] {
  const result = ways.find((one) => one.way === way);
  if (result === undefined) throw new Error(`nothing went by ${way}`);
  return result;
}
