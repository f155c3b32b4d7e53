import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { type Clock, systemClock } from "#core/clock.ts";
import { publishArchiveHandler } from "#functions/publish-archive/publish-archive.ts";
import { openLocalJournal } from "#journals/local/local-event-journal.ts";
import { fromItem } from "#stores/dynamodb/artifact-item.ts";
import { DynamoArtifactStore } from "#stores/dynamodb/dynamo-artifact-store.ts";
import { openDatabase } from "#stores/embedded/database.ts";
import { behavesLikeAnArtifactStore } from "#test/stores/artifact-store-contract.ts";
import { refusal } from "#test/support/aws/aws-front.ts";
import { ARTIFACTS_TABLE, openDynamo, type TestDynamo } from "#test/support/aws/dynamodb.ts";
import { type ItemsPut, recordItems, toStreamBatch } from "#test/support/aws/table-stream.ts";
import { journalledEvents } from "#test/support/samples/journalled-events.ts";

/** No test is about a machine that is slow: nobody's patience ends. */
const PATIENT: Clock = { now: () => 0, after: systemClock.after };

const openStore = ({ config }: TestDynamo) =>
  new DynamoArtifactStore({ tableName: ARTIFACTS_TABLE, config, clock: PATIENT });

/*
 * The stand-in of DynamoDB has no streams: publish-archive is given records that are made of the items which were
 * really put, those of an artifact in the order of their versions, as a stream keeps them.
 */
behavesLikeAnArtifactStore(
  "DynamoDB, with publish-archive behind it,",
  async () => {
    const dynamo = await openDynamo();
    const items = recordItems(dynamo);
    const artifacts = openStore(dynamo);
    return {
      artifacts,
      async eventsOf({ namespace, kind, name }) {
        const database = openDatabase(":memory:");
        const journal = openLocalJournal({ database });
        const deadLetters = {
          take: async () => {
            throw new Error("an item could not be read");
          },
        };
        await publishArchiveHandler({ journal, deadLetters, fromItem })(
          toStreamBatch(items().filter(({ pk, sk }) => pk?.S === `${namespace}/${kind}` && sk?.S === name)),
        );
        const events = journalledEvents(journal);
        database.close();
        return events;
      },
      async close() {
        await artifacts.close();
        await dynamo.close();
      },
    };
  },
  { leastWriters: 100 },
);

describe("a table of artifacts", () => {
  const KEY = { namespace: "default", kind: "breeds", name: "a" } as const;
  let dynamo: TestDynamo;
  let items: ItemsPut;
  let artifacts: DynamoArtifactStore;

  beforeEach(async () => {
    dynamo = await openDynamo();
    items = recordItems(dynamo);
    artifacts = openStore(dynamo);
  });
  afterEach(async () => {
    await artifacts.close();
    await dynamo.close();
  });

  const put = (source: string, when = {}) =>
    artifacts.change({ ...KEY, content: { source, format: "json" }, when, atMs: 1_700_000_000_000 });

  test("answers a change whose put succeeded and whose answer was lost as what it was", async () => {
    const { put: real } = dynamo;
    let lost = 0;
    dynamo.behave(async (call, forward) => {
      const reply = await real(call, forward);
      return lost++ % 2 === 0 ? undefined : reply;
    });

    expect(await put("1", { noneOf: "any" })).toMatchObject({ outcome: "created", artifact: { version: 1 } });
    expect(await put("2", { among: [1] })).toMatchObject({ outcome: "updated", artifact: { version: 2 } });
    expect(await artifacts.change({ ...KEY, when: { among: [2] }, atMs: 0 })).toEqual({
      outcome: "deleted",
      version: 3,
    });
    expect(lost).toBe(6);
  });

  test("answers so, too, where no version was asked for, and changes nothing twice", async () => {
    const { put: real } = dynamo;
    let lost = 0;
    await put("1");
    dynamo.behave(async (call, forward) => {
      const reply = await real(call, forward);
      return lost++ % 2 === 0 ? undefined : reply;
    });

    expect(await put("2")).toMatchObject({ outcome: "updated", artifact: { version: 2, source: "2" } });
    expect(await put("3")).toMatchObject({ outcome: "updated", artifact: { version: 3, source: "3" } });
    expect(items().map(({ version }) => version?.N)).toEqual(["1", "2", "3"]);
    expect(lost).toBe(4);
  });

  test.each([
    ["that is not there", 0],
    ["that is there", 1],
  ])("takes 100 writers of one artifact %s with three writes each at most", async (_, puts) => {
    for (let version = 0; version < puts; version++) await put("before");
    const before = dynamo.calls.length;

    const changes = await Promise.all(Array.from({ length: 100 }, (_, writer) => put(String(writer))));

    const versions = changes.map((changed) => ("artifact" in changed ? changed.artifact?.version : undefined));
    expect(new Set(versions)).toEqual(new Set(Array.from({ length: 100 }, (_, index) => index + 1 + puts)));
    expect(dynamo.calls.length - before).toBeLessThanOrEqual(300);
  });

  test("puts in place of whatever version there is, with a time that grows, where another was quicker each time", async () => {
    const { put: real } = dynamo;
    await put("0");
    let others = 0;
    dynamo.behave(async (call, forward) => {
      // Another change, made later than this one says of itself, comes in between what was read and what is put.
      if (others < 1 && call.body.Key !== undefined && others++ < 1)
        await artifacts.change({
          ...KEY,
          content: { source: "other", format: "json" },
          when: {},
          atMs: 1_800_000_000_000,
        });
      return real(call, forward);
    });

    expect(
      await artifacts.change({
        ...KEY,
        content: { source: "mine", format: "json" },
        when: {},
        atMs: 1_700_000_000_007,
      }),
    ).toEqual({
      outcome: "updated",
      artifact: { ...KEY, source: "mine", format: "json", version: 3, changedAtMs: 1_800_000_000_001 },
    });
  });

  test("creates anew what was deleted while it was to be replaced", async () => {
    const { put: real } = dynamo;
    await put("0");
    let isDeleted = false;
    dynamo.behave(async (call, forward) => {
      if (call.body.Key !== undefined && !isDeleted) {
        isDeleted = true;
        await artifacts.change({ ...KEY, when: {}, atMs: 0 });
      }
      return real(call, forward);
    });

    expect(await put("1")).toMatchObject({ outcome: "created", artifact: { version: 3, source: "1" } });
  });

  test("keeps a deleted artifact as an item without a source", async () => {
    await put("1");
    await artifacts.change({ ...KEY, when: {}, atMs: 0 });

    expect(items().at(-1)).toMatchObject({ version: { N: "2" }, change: { S: "delete" } });
    expect(items().at(-1)).not.toHaveProperty("source");
  });

  test.each([
    ["is throttled", refusal(400, "ProvisionedThroughputExceededException")],
    ["fails", refusal(500, "InternalServerError")],
    ["cannot be reached", undefined],
  ])("that %s all the time is unavailable", async (_, reply) => {
    dynamo.behave(() => reply);

    await expect(put("1")).rejects.toMatchObject({ kind: "unavailable" });
  });

  test("that is not there is a bug, and thrown as it came", async () => {
    const elsewhere = new DynamoArtifactStore({ tableName: "no-such-table", config: dynamo.config });

    await expect(elsewhere.find(KEY)).rejects.toMatchObject({ name: "ResourceNotFoundException" });
    await elsewhere.close();
  });

  test("whose version another always changes first is unavailable in the end, not tried for ever", async () => {
    let nowMs = 0;
    const hurried = new DynamoArtifactStore({
      tableName: ARTIFACTS_TABLE,
      config: dynamo.config,
      clock: {
        now: () => nowMs,
        after: (ms, action) => {
          nowMs += ms;
          setImmediate(action);
          return () => {};
        },
      },
    });
    dynamo.behave(() => refusal(400, "ConditionalCheckFailedException"));

    await expect(
      hurried.change({ ...KEY, content: { source: "1", format: "json" }, when: {}, atMs: 0 }),
    ).rejects.toMatchObject({ kind: "unavailable", retryAfterSeconds: 1 });
    expect(dynamo.calls.length).toBeGreaterThan(10);
    await hurried.close();
  });

  test("in which an item was changed by hand says which, and nothing of its source", () => {
    const item = { pk: { S: "default/triggers" }, sk: { S: "page" }, version: { N: "x" }, source: { S: "whsec_abc" } };

    expect(() => fromItem(item)).toThrow('no artifact: ["default/triggers","page"]');
    expect(() => fromItem(item)).not.toThrow("whsec_abc");
  });

  test("lists more than a page of DynamoDB holds", async () => {
    const source = JSON.stringify({ a: "x".repeat(250_000) });
    const names = Array.from({ length: 10 }, (_, index) => `large-${index}`);
    for (const name of names)
      await artifacts.change({ ...KEY, name, content: { source, format: "json" }, when: {}, atMs: 0 });
    await artifacts.change({ ...KEY, name: "large-5", when: {}, atMs: 0 });

    const all = await artifacts.list("default", "breeds", { limit: 100 });
    const some = await artifacts.list("default", "breeds", { limit: 3, after: "large-3" });

    expect(all.artifacts.map(({ name }) => name)).toEqual(names.filter((name) => name !== "large-5"));
    expect(all).not.toHaveProperty("next");
    expect(some.artifacts.map(({ name }) => name)).toEqual(["large-4", "large-6", "large-7"]);
    expect(some.next).toBe("large-7");
  });
});
