import type { Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { CreateTableCommand, DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
import { type AwsCall, type AwsFront, type AwsReply, openAwsFront } from "#test/support/aws/aws-front.ts";

const dynalite = createRequire(import.meta.url)("dynalite") as (options: object) => Server;

export const TABLE = "keys";
export const ARTIFACTS_TABLE = "artifacts";

/** The keys of an item of each table. */
const KEYS: Readonly<Record<string, readonly string[]>> = { [TABLE]: ["pk"], [ARTIFACTS_TABLE]: ["pk", "sk"] };

export interface TestDynamo extends AwsFront {
  /** A PutItem or UpdateItem as AWS does it: the stand-in does not tell the item that was in the way. */
  put: (call: AwsCall, forward: () => Promise<AwsReply>) => Promise<AwsReply>;
}

/**
 * A DynamoDB of this process with a table of idempotency keys and one of artifacts,
 * whose PutItem and UpdateItem can be broken.
 */
export async function openDynamo(): Promise<TestDynamo> {
  const server = dynalite({ createTableMs: 0 });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const backend = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const front = await openAwsFront(backend, "PutItem", "UpdateItem");
  const client = new DynamoDBClient(front.config);
  const put: TestDynamo["put"] = async ({ body }, forward) => {
    const reply = await forward();
    if (reply.status !== 400 || body.ReturnValuesOnConditionCheckFailure !== "ALL_OLD") return reply;
    const { TableName } = body;
    const names = KEYS[TableName];
    if (names === undefined) return reply;
    const Key = body.Key ?? Object.fromEntries(names.map((name) => [name, body.Item[name]]));
    const { Item } = await client.send(new GetItemCommand({ TableName, Key, ConsistentRead: true }));
    return { status: 400, body: { ...reply.body, Item } };
  };
  front.behave(put);
  for (const [TableName, names] of Object.entries(KEYS))
    await client.send(
      new CreateTableCommand({
        TableName,
        KeySchema: names.map((AttributeName, index) => ({ AttributeName, KeyType: index === 0 ? "HASH" : "RANGE" })),
        AttributeDefinitions: names.map((AttributeName) => ({ AttributeName, AttributeType: "S" })),
        BillingMode: "PAY_PER_REQUEST",
      }),
    );
  return {
    ...front,
    put,
    async close() {
      client.destroy();
      await front.close();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
