import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { DynamoArtifactStore } from "#stores/dynamodb/dynamo-artifact-store.ts";
import { DynamoConnection } from "#stores/dynamodb/dynamo-connection.ts";
import { DynamoPausedTriggers } from "#stores/dynamodb/dynamo-paused-triggers.ts";
import { ARTIFACTS_TABLE, openDynamo, TABLE, type TestDynamo } from "#test/support/aws/dynamodb.ts";

let dynamo: TestDynamo;
let connection: DynamoConnection;

beforeEach(async () => {
  dynamo = await openDynamo();
  connection = new DynamoConnection(dynamo.config);
});
afterEach(async () => {
  await connection.close();
  await dynamo.close();
});

test("one connection serves several tables with one client", async () => {
  const key = { namespace: "default", kind: "triggers", name: "one" } as const;
  const artifacts = new DynamoArtifactStore({ tableName: ARTIFACTS_TABLE, connection });
  const paused = new DynamoPausedTriggers({ tableName: TABLE, connection });
  const clients: unknown[] = [];
  const { call } = connection;
  connection.call = (ask) =>
    call.bind(connection)((sdk, client) => {
      clients.push(client);
      return ask(sdk, client);
    }) as never;

  await Promise.all([artifacts.find(key), paused.find(key)]);

  expect(clients).toHaveLength(2);
  expect(clients[0]).toBe(clients[1]);
});
