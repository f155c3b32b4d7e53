import { DescribeTableCommand, type DynamoDBClient, type TableDescription } from "@aws-sdk/client-dynamodb";
import { bad, type Finding, ok, type Page } from "#cli/doctor/finding.ts";

/** Whether the table of idempotency keys takes requests. */
export async function checkKeysTable(client: DynamoDBClient, tableName: string): Promise<readonly Finding[]> {
  return checkStatus(await describe(client, tableName), { part: "idempotency keys", tableName, page: "keys-table" });
}

const ARTIFACTS = "artifacts";

/** The same of the table of artifacts, and whether its changes are told: archive events are made of its stream. */
export async function checkArtifactsTable(client: DynamoDBClient, tableName: string): Promise<readonly Finding[]> {
  const table = await describe(client, tableName);
  const found = checkStatus(table, { part: ARTIFACTS, tableName, page: "artifacts-table" });
  const { StreamEnabled: isOn, StreamViewType: shows = "none" } = table?.StreamSpecification ?? {};
  if (isOn && shows.startsWith("NEW_")) return found;
  const says = isOn ? `shows ${shows} and not the new items` : "is off";
  return [...found, bad(ARTIFACTS, `the stream of ${tableName} ${says}: no change is an event`, "artifacts-table")];
}

const describe = async (client: DynamoDBClient, tableName: string): Promise<TableDescription | undefined> =>
  (await client.send(new DescribeTableCommand({ TableName: tableName }))).Table;

interface CheckedTable {
  readonly part: string;
  readonly tableName: string;
  readonly page: Page;
}

/** While an index or its capacity changes, a table works on. */
function checkStatus(table: TableDescription | undefined, { part, tableName, page }: CheckedTable): readonly Finding[] {
  const status = table?.TableStatus?.toLowerCase() ?? "not described";
  const says = `the table ${tableName} is ${status}`;
  return [status === "active" || status === "updating" ? ok(part, says) : bad(part, says, page)];
}
