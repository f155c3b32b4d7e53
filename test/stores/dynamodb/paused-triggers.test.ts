import { expect, test } from "@jest/globals";
import { DynamoPausedTriggers } from "#stores/dynamodb/dynamo-paused-triggers.ts";
import { remembersPausedTriggers } from "#test/core/triggers/paused-triggers-contract.ts";
import { refusal } from "#test/support/aws/aws-front.ts";
import { openDynamo, TABLE } from "#test/support/aws/dynamodb.ts";

async function open() {
  const dynamo = await openDynamo();
  const paused = new DynamoPausedTriggers({ tableName: TABLE, config: dynamo.config });
  const close = async () => {
    await paused.close();
    await dynamo.close();
  };
  return { dynamo, paused, close };
}

remembersPausedTriggers("a DynamoDB table", open);

test("a table that is busy is unavailable", async () => {
  const { dynamo, paused, close } = await open();
  dynamo.behave(() => refusal(400, "ThrottlingException"));

  await expect(
    paused.pause({ namespace: "default", kind: "triggers", name: "tell", version: 1 }),
  ).rejects.toMatchObject({
    kind: "unavailable",
  });
  await close();
});
