import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { type CreatedEvent, type DeployedPulse, deployPulse } from "#test/runtime/deployed-pulse.ts";
import { openFunctionUrl } from "#test/support/aws/function-url-front.ts";
import { type FaultyProxy, openFaultyProxy, type SeenRequest } from "#test/support/http/faulty-proxy.ts";
import { connect } from "#test/support/http/sse-client.ts";
import { type PatientClock, patientClock } from "#test/support/memory/patient-clock.ts";
import { describeOpenSearch } from "#test/support/opensearch/opensearch.ts";

const never = new Promise<never>(() => {});

describeOpenSearch("a built function that does not answer in time", (openSearch) => {
  let clock: PatientClock;
  let proxy: FaultyProxy;
  let pulse: DeployedPulse;
  /** Of the requests of index-events to OpenSearch, the first one whose answer never comes. */
  let isHeld: (request: SeenRequest) => boolean = () => false;
  let onHeld = () => {};

  beforeAll(async () => {
    clock = patientClock();
    proxy = await openFaultyProxy(openSearch(), (request) => {
      if (!isHeld(request)) return undefined;
      isHeld = () => false;
      onHeld();
      return { kind: "no-answer" };
    });
    pulse = await deployPulse({ openSearch: openSearch(), openSearchOfIndexing: proxy.url, clock });
  }, 60_000);
  afterAll(async () => {
    await pulse.close();
    await proxy.close();
  });

  test("is killed, and the next invocation is a cold start; what its caller tries again is there once", async () => {
    const event = { tags: ["tried"], value: "again" };
    const key = { "Idempotency-Key": "try" };
    const put = new Promise<void>((resolve) =>
      pulse.kinesis.behave(async (_, forward) => {
        await forward();
        resolve();
        return never;
      }),
    );

    const timedOut = expect(pulse.create(event, key)).rejects.toMatchObject({
      errorType: "Sandbox.Timedout",
      message: "Task timed out after 30.00 seconds",
    });
    await put;
    clock.timeOut();
    await timedOut;
    pulse.kinesis.behave((_, forward) => forward());
    const again = await pulse.create(event, key);
    const mapping = pulse.startIndexing();
    const found = await pulse.read("tried", again.receipt);
    await mapping.stop();

    expect(pulse.createEvents.coldStartsMs).toHaveLength(2);
    expect((await pulse.kinesis.read()).map(({ event }) => event.id)).toEqual([again.id, again.id]);
    expect(found.map(({ id }) => id)).toEqual([again.id]);
  });

  test.each([
    ["kept", ({ path, body }: SeenRequest) => path.startsWith("/_bulk") && body.includes("killed-while-kept")],
    ["made visible", ({ path }: SeenRequest) => path.startsWith("/pulse.") && path.includes("_refresh")],
    ["told by a checkpoint", ({ method, path }: SeenRequest) => method === "PUT" && path.includes("_checkpoints/")],
  ])("loses and doubles nothing when it is killed while its events are being %s", async (step, isFatal) => {
    const tag = `killed-while-${step.split(" ")[0]}`;
    const created: CreatedEvent[] = [];
    for (let value = 0; value < 5; value++) created.push(await pulse.create({ tags: [tag], value }));
    const errors = pulse.indexingErrors.length;
    const holding = new Promise<void>((resolve) => {
      onHeld = resolve;
      isHeld = isFatal;
    });

    const mapping = pulse.startIndexing();
    await holding;
    const coldStarts = pulse.indexEvents.coldStartsMs.length;
    clock.timeOut();
    const found = await pulse.read(tag, created.at(-1)?.receipt as string);
    await mapping.stop();

    expect(pulse.indexingErrors.slice(errors)).toMatchObject([{ errorType: "Sandbox.Timedout" }]);
    expect(pulse.indexEvents.coldStartsMs).toHaveLength(coldStarts + 1);
    expect(found.map(({ value }) => value).sort()).toEqual([0, 1, 2, 3, 4]);
  });

  test("cuts its stream off", async () => {
    const front = await openFunctionUrl(pulse.streamEvents);
    const client = await connect(`${front.url}/${pulse.namespace}/api/v1/events/stream`);
    await client.until((frames) => frames.length > 0);

    clock.timeOut();
    await client.ended;

    await front.close();
    expect(client.frames).toHaveLength(1);
  });
});
