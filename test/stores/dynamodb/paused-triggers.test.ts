import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { DynamoPausedTriggers } from "#stores/dynamodb/dynamo-paused-triggers.ts";
import { refusal } from "#test/support/aws-front.ts";
import { openDynamo, TABLE, type TestDynamo } from "#test/support/dynamodb.ts";

let dynamo: TestDynamo;
let paused: DynamoPausedTriggers;
beforeEach(async () => {
  dynamo = await openDynamo();
  paused = new DynamoPausedTriggers({ tableName: TABLE, config: dynamo.config });
});
afterEach(async () => {
  await paused.close();
  await dynamo.close();
});

const tell = { namespace: "default", kind: "triggers", name: "te/ll", version: 2 } as const;

test("paused triggers in DynamoDB are listed, of each the version that was paused last", async () => {
  await paused.pause(tell);
  await paused.pause({ ...tell, kind: "workflows" });
  await paused.pause({ ...tell, version: 5 });

  const byKind = [...(await paused.list())].sort((one, other) => (one.kind < other.kind ? -1 : 1));
  expect(byKind).toEqual([
    { ...tell, version: 5 },
    { ...tell, kind: "workflows" },
  ]);
});

test("a table that is busy is unavailable", async () => {
  dynamo.behave(() => refusal(400, "ThrottlingException"));

  await expect(paused.pause(tell)).rejects.toMatchObject({ kind: "unavailable" });
});
