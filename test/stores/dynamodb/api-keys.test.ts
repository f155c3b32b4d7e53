import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { issueApiKey } from "#core/access/api-keys.ts";
import { DynamoApiKeys } from "#stores/dynamodb/dynamo-api-keys.ts";
import { refusal } from "#test/support/aws/aws-front.ts";
import { openDynamo, TABLE, type TestDynamo } from "#test/support/aws/dynamodb.ts";

const { record } = issueApiKey(
  { name: "gateway", rights: ["write"], namespaces: ["team-a", "team-b"] },
  1_700_000_000_000,
);
const { record: everywhere } = issueApiKey({ name: "ci", rights: ["read", "write"] }, 1_700_000_000_001);

let dynamo: TestDynamo;
let keys: DynamoApiKeys;

beforeEach(async () => {
  dynamo = await openDynamo();
  keys = new DynamoApiKeys({ tableName: TABLE, config: dynamo.config });
});
afterEach(async () => {
  await keys.close();
  await dynamo.close();
});

describe("API keys in DynamoDB", () => {
  test("are found as they were added, by their id", async () => {
    await keys.add(record);
    await keys.add(everywhere);

    expect(await keys.find(record.id)).toEqual(record);
    expect(await keys.find(everywhere.id)).toEqual(everywhere);
    expect(await keys.find("0011223344556677")).toBeUndefined();
  });

  test("are listed", async () => {
    await keys.add(record);
    await keys.add(everywhere);

    const listed = await keys.list();

    expect(listed).toHaveLength(2);
    expect(listed).toEqual(expect.arrayContaining([record, everywhere]));
  });

  test("are not found once they are revoked, which can be told twice", async () => {
    await keys.add(record);

    expect(await keys.revoke(record.id)).toBe(true);
    expect(await keys.revoke(record.id)).toBe(false);
    expect(await keys.find(record.id)).toBeUndefined();
  });

  test("are never replaced", async () => {
    await keys.add(record);

    await expect(keys.add({ ...record, rights: ["read"] })).rejects.toMatchObject({
      name: "ConditionalCheckFailedException",
    });
    expect(await keys.find(record.id)).toEqual(record);
  });

  test("are unavailable while DynamoDB is", async () => {
    dynamo.behave(() => refusal(500, "InternalServerError"));

    await expect(keys.add(record)).rejects.toMatchObject({ kind: "unavailable" });
  });
});
