import { setTimeout as sleep } from "node:timers/promises";
import { PutRecordCommand, type Shard } from "@aws-sdk/client-kinesis";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "@jest/globals";
import { type CreatedEvent, type DeployedPulse, deployPulse, INDEXING } from "#test/runtime/deployed-pulse.ts";
import { mergeShards, shardsOf, splitShard } from "#test/runtime/reshard.ts";
import type { EventSourceMapping } from "#test/support/aws/event-source-mapping.ts";
import { openFunctionUrl } from "#test/support/aws/function-url-front.ts";
import { type Fault, type FaultyProxy, openFaultyProxy, type SeenRequest } from "#test/support/http/faulty-proxy.ts";
import { connect, type Frame } from "#test/support/http/sse-client.ts";
import { describeOpenSearch } from "#test/support/opensearch/opensearch.ts";

const upTo = (count: number): number[] => Array.from({ length: count }, (_, value) => value);

describeOpenSearch("the built index-events behind its event source mapping", (openSearch) => {
  let proxy: FaultyProxy;
  let pulse: DeployedPulse;
  let mapping: EventSourceMapping;
  /** What goes wrong between index-events and OpenSearch. */
  let faultOf: (request: SeenRequest) => Fault | undefined;

  beforeAll(async () => {
    proxy = await openFaultyProxy(openSearch(), (request) => faultOf(request));
    pulse = await deployPulse({ openSearch: openSearch(), openSearchOfIndexing: proxy.url, shards: 2 });
  }, 60_000);
  beforeEach(() => {
    faultOf = () => undefined;
  });
  afterEach(() => mapping.stop());
  afterAll(async () => {
    await pulse.close();
    await proxy.close();
  });

  /** Creates an event with each of the values; those with one key lie in one shard, in order. */
  const createAll = async (tag: string, values: readonly unknown[], key?: string): Promise<CreatedEvent[]> => {
    const created: CreatedEvent[] = [];
    for (const value of values)
      created.push(await pulse.create({ tags: [tag], value }, key === undefined ? {} : { "Pulse-Key": key }));
    return created;
  };
  /** The values with the tag once all of these events are visible, sorted. */
  const valuesWith = async (tag: string, created: readonly CreatedEvent[]): Promise<unknown[]> => {
    let found: readonly { readonly value?: unknown }[] = [];
    for (const { receipt } of created) found = await pulse.read(tag, receipt);
    return found.map(({ value }) => value).sort((one, other) => Number(one) - Number(other));
  };

  test("makes what was created queryable, from every shard, once", async () => {
    const before = await createAll("everywhere", upTo(8));
    mapping = pulse.startIndexing();
    const after = await createAll("everywhere", [8, 9, 10, 11]);

    const found = await valuesWith("everywhere", [...before, ...after]);

    expect(found).toEqual(upTo(12));
    expect(new Set((await pulse.kinesis.read()).map(({ point }) => point.shard)).size).toBe(2);
    expect(pulse.indexingErrors).toEqual([]);
  });

  test("waits for a store that is down, then catches up, and loses and doubles nothing", async () => {
    const created = await createAll("outage", upTo(6));
    // Down for longer than the function tries by itself.
    const isReturned = () => pulse.indexEvents.log().includes("the batch will come again");
    faultOf = () => (isReturned() ? undefined : { kind: "lost-request" });

    mapping = pulse.startIndexing();
    const found = await valuesWith("outage", created);

    expect(found).toEqual(upTo(6));
    expect(isReturned()).toBe(true);
    expect(pulse.indexingErrors).toEqual([]);
  }, 60_000);

  test("fails for a poisonous record alone, which is left in a file, and keeps its neighbours", async () => {
    const created = await createAll("poisoned", [0, 1, 2, "poison", 4, 5, 6], "one-shard");
    faultOf = ({ body }) =>
      body.includes('"poison\\"')
        ? { kind: "answer", status: 400, body: '{"error":{"type":"parse_exception"}}' }
        : undefined;

    mapping = pulse.startIndexing({ ...INDEXING, MaximumRetryAttempts: 1 });
    const found = await valuesWith("poisoned", created);

    expect(found).toEqual([0, 1, 2, 4, 5, 6]);
    const files = [...pulse.s3.objects].filter(([key]) => key.startsWith("dead-letters/aws/lambda/"));
    expect(files).toHaveLength(1);
    const { requestContext, KinesisBatchInfo, payload } = JSON.parse(files[0]?.[1].body as string);
    expect(requestContext.condition).toBe("RetryAttemptsExhausted");
    expect(KinesisBatchInfo.batchSize).toBe(1);
    const [{ kinesis }] = JSON.parse(payload).Records;
    expect(Buffer.from(kinesis.data, "base64").toString()).toContain(created[3]?.id);
  });

  test("keeps all events, and those of a key in order, when their shard is split and merged", async () => {
    const front = await openFunctionUrl(pulse.streamEvents);
    const client = await connect(`${front.url}/${pulse.namespace}/api/v1/events/stream?tag=moved`);
    await client.until((frames) => frames.length > 0);
    const created = await createAll("moved", [0, 1, 2, 3, 4], "mover");
    const parent = await shardOf("moved");
    const children = await splitShard(pulse.kinesis.client, pulse.streamName, parent);
    created.push(...(await createAll("moved", [5, 6, 7, 8, 9], "mover")));
    const merged = await mergeShards(pulse.kinesis.client, pulse.streamName, children);
    created.push(...(await createAll("moved", [10, 11, 12, 13, 14], "mover")));
    // The first shard is slow: what came after it would be first, were it not held back.
    let slow = 3;
    faultOf = ({ path, body }) =>
      path.startsWith("/_bulk") && body.includes(created[0]?.id as string) && slow-- > 0
        ? { kind: "lost-request" }
        : undefined;

    mapping = pulse.startIndexing();
    const found = await valuesWith("moved", created);
    await client.until((frames) => valuesOf(frames).length >= 15);

    client.close();
    await front.close();
    expect(found).toEqual(upTo(15));
    expect(valuesOf(client.frames)).toEqual(upTo(15));
    expect(await shardOf("moved")).toEqual(merged);
  }, 60_000);

  test("puts a record that it cannot read aside, and goes on", async () => {
    await pulse.kinesis.client.send(
      new PutRecordCommand({ StreamName: pulse.streamName, PartitionKey: "any", Data: Buffer.from("no event\n") }),
    );
    const letters = () => [...pulse.s3.objects].filter(([key]) => key.startsWith("dead-letters/index-events/"));

    mapping = pulse.startIndexing();
    while (letters().length === 0) await sleep(20);
    const created = await createAll("behind", upTo(4));

    expect(await valuesWith("behind", created)).toEqual(upTo(4));
    expect(letters().map(([, { body }]) => JSON.parse(body))).toMatchObject([{ line: "no event" }]);
  });

  const valuesOf = (frames: readonly Frame[]): unknown[] =>
    frames.filter(({ data }) => data.includes("moved")).map(({ data }) => JSON.parse(data).value);

  /** Where the newest event with the tag is. */
  const shardOf = async (tag: string): Promise<Shard> => {
    const entries = (await pulse.kinesis.read()).filter(({ event }) => event.tags.includes(tag));
    const newest = entries.sort((one, other) => (one.event.id < other.event.id ? -1 : 1)).at(-1);
    const id = newest?.point.shard.split("/")[1];
    const shards = await shardsOf(pulse.kinesis.client, pulse.streamName);
    return shards.find(({ ShardId }) => ShardId === id) as Shard;
  };
});
