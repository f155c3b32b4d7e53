import { DescribeTableCommand, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { bad, type Finding, ok } from "#cli/doctor/finding.ts";

const PART = "idempotency keys";

/** Whether the table of idempotency keys takes requests. */
export async function checkKeysTable(client: DynamoDBClient, tableName: string): Promise<readonly Finding[]> {
  const { Table: table } = await client.send(new DescribeTableCommand({ TableName: tableName }));
  // While an index or its capacity changes, a table works on.
  if (table?.TableStatus === "ACTIVE" || table?.TableStatus === "UPDATING")
    return [ok(PART, `the table ${tableName} is ${table.TableStatus.toLowerCase()}`)];
  return [bad(PART, `the table ${tableName} is ${table?.TableStatus?.toLowerCase() ?? "not described"}`, "keys-table")];
}
