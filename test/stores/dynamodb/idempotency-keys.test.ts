import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { PulseError } from "#core/errors.ts";
import type { KeyClaim } from "#core/events/idempotency-keys.ts";
import { DynamoIdempotencyKeys } from "#stores/dynamodb/dynamo-idempotency-keys.ts";
import { remembersIdempotencyKeys } from "#test/stores/idempotency-keys-contract.ts";
import { refusal } from "#test/support/aws/aws-front.ts";
import { openDynamo, TABLE, type TestDynamo } from "#test/support/aws/dynamodb.ts";

const openKeys = ({ config }: TestDynamo) => new DynamoIdempotencyKeys({ tableName: TABLE, config });

remembersIdempotencyKeys("DynamoDB", async () => {
  const dynamo = await openDynamo();
  const keys = openKeys(dynamo);
  return {
    keys,
    async close() {
      await keys.close();
      await dynamo.close();
    },
  };
});

describe("a table of idempotency keys", () => {
  const CLAIM: KeyClaim = {
    namespace: "default",
    key: "key:0:a",
    digest: "d",
    id: "i",
    receivedAtMs: 1_700_000_000_001,
  };
  let dynamo: TestDynamo;
  let keys: DynamoIdempotencyKeys;

  beforeEach(async () => {
    dynamo = await openDynamo();
    keys = openKeys(dynamo);
  });
  afterEach(async () => {
    await keys.close();
    await dynamo.close();
  });

  test("lets DynamoDB delete an item once it is forgotten, never before", async () => {
    await keys.claim([CLAIM]);

    expect(dynamo.calls[0]?.body.Item.expiresAt).toEqual({ N: "1700086401" });
  });

  test("gives a try its own claim back when only the answer of its put was lost", async () => {
    dynamo.behave(async (call, forward) => {
      const reply = await dynamo.put(call, forward);
      return dynamo.calls.length === 1 ? undefined : reply;
    });

    expect(await keys.claim([CLAIM])).toEqual([CLAIM]);
    expect(dynamo.calls).toHaveLength(2);
  });

  test.each([
    ["is throttled", refusal(400, "ProvisionedThroughputExceededException")],
    ["fails", refusal(500, "InternalServerError")],
    ["cannot be reached", undefined],
  ])("that %s all the time is unavailable", async (_, reply) => {
    dynamo.behave(() => reply);

    const failure = await keys.claim([CLAIM]).catch((error: unknown) => error);

    expect(failure).toBeInstanceOf(PulseError);
    expect(failure).toMatchObject({ kind: "unavailable", cause: expect.any(Error) });
  });

  test("that is not there is a bug, and thrown as it came", async () => {
    const elsewhere = new DynamoIdempotencyKeys({ tableName: "no-such-table", config: dynamo.config });

    await expect(elsewhere.claim([CLAIM])).rejects.toMatchObject({ name: "ResourceNotFoundException" });
    await elsewhere.close();
  });
});
