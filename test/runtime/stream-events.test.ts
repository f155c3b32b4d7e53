import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { type DeployedPulse, deployPulse } from "#test/runtime/deployed-pulse.ts";
import { type FunctionUrlFront, openFunctionUrl } from "#test/support/aws/function-url-front.ts";
import { connect, type Frame, isControl, type SseClient } from "#test/support/http/sse-client.ts";
import { describeOpenSearch } from "#test/support/opensearch/opensearch.ts";

const valuesOf = (frames: readonly Frame[]): unknown[] =>
  frames.filter((frame) => !isControl(frame)).map(({ data }) => JSON.parse(data).value);

describeOpenSearch("the built stream-events behind its function URL", (openSearch) => {
  let pulse: DeployedPulse;
  let front: FunctionUrlFront;
  const clients: SseClient[] = [];

  const open = async (leaseSeconds: number): Promise<void> => {
    pulse = await deployPulse({ openSearch: openSearch(), leaseSeconds });
    pulse.startIndexing();
    front = await openFunctionUrl(pulse.streamEvents);
  };
  const close = async (): Promise<void> => {
    await front.close();
    await pulse.close();
  };
  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
  });

  const stream = async (search = "", lastEventId?: string): Promise<SseClient> => {
    const client = await connect(`${front.url}/${pulse.namespace}/api/v1/events/stream${search}`, {
      headers: lastEventId === undefined ? {} : { "last-event-id": lastEventId },
    });
    clients.push(client);
    return client;
  };
  const begun = async (search?: string): Promise<SseClient> => {
    const client = await stream(search);
    expect(client.status).toBe(200);
    await client.until((frames) => frames.length > 0);
    return client;
  };

  describe("while a lease lasts", () => {
    beforeAll(() => open(55), 60_000);
    afterAll(close);

    test("sends its head first, then every frame as it comes", async () => {
      const client = await begun("?tag=live");

      expect(client.status).toBe(200);
      expect(client.headers["content-type"]).toBe("text/event-stream");
      expect(client.frames.map(({ event }) => event)).toEqual(["pulse.position"]);
      for (const value of [1, 2, 3]) {
        await pulse.create({ type: "health", tags: ["live"], value });
        await client.until((frames) => valuesOf(frames).length === value);
      }
      expect(client.events().map(({ event }) => event)).toEqual(["health", "health", "health"]);
      expect(valuesOf(client.frames)).toEqual([1, 2, 3]);
    });

    test("goes on for a client that has gone: the next one gets an environment of its own", async () => {
      await pulse.streamEvents.kill();
      const before = pulse.streamEvents.coldStartsMs.length;
      const gone = await begun();
      gone.close();
      await gone.ended;

      const next = await begun();
      await pulse.create({ tags: ["after"], value: "after" });
      await next.until((frames) => valuesOf(frames).length === 1);

      expect(pulse.streamEvents.coldStartsMs).toHaveLength(before + 2);
    });

    test("breaks off when its environment is killed", async () => {
      const client = await begun();

      await pulse.streamEvents.kill();

      await client.ended;
      expect(client.frames).toHaveLength(1);
    });

    test.each([
      ["a filter that is none", "default", "?type=a%20b", 400],
      ["an undeclared namespace", "elsewhere", "", 404],
    ])("answers %s with a problem document", async (_, namespace, search, status) => {
      const path = namespace === "default" ? "" : `/${namespace}`;

      const reply = await fetch(`${front.url}${path}/api/v1/events/stream${search}`);

      expect(reply.status).toBe(status);
      expect(reply.headers.get("content-type")).toBe("application/problem+json");
      expect(await reply.json()).toMatchObject({ status });
    });
  });

  describe("when leases end", () => {
    beforeAll(() => open(1), 60_000);
    afterAll(close);

    test("ends cleanly, its last frame the position behind all that it sent", async () => {
      const client = await begun("?tag=ends");
      await client.ended;

      expect(client.frames.at(-1)).toMatchObject({ event: "pulse.position", retry: "1000", data: '{"tags":[]}' });
    });

    test("resumes across leases and cold starts, and misses and repeats nothing", async () => {
      const client = await begun("?tag=followed");
      let lastId = client.frames[0]?.id as string;
      client.close();
      let created = 0;
      const createThree = async () => {
        for (const last = created + 3; created < last; created++)
          await pulse.create({ tags: ["followed"], value: created });
      };

      const got: unknown[] = [];
      let kills = 0;
      for (let lease = 0; lease < 6 || got.length < created; lease++) {
        if (lease < 6) await createThree();
        const client = await stream("?tag=followed", lastId);
        await client.until((frames) => frames.length > 0);
        if (lease < 6) await createThree();
        if (lease % 2 === 1) {
          await pulse.streamEvents.kill();
          kills++;
        }
        await client.ended;
        got.push(...valuesOf(client.frames));
        lastId = client.frames.at(-1)?.id as string;
      }

      expect(got).toEqual(Array.from({ length: 36 }, (_, value) => value));
      expect(kills).toBeGreaterThanOrEqual(3);
      expect(pulse.streamEvents.coldStartsMs.length).toBeGreaterThanOrEqual(kills);
    }, 60_000);
  });
});
