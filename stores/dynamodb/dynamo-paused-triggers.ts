import type { AttributeValue, DynamoDBClientConfig } from "@aws-sdk/client-dynamodb";
import type { PausedTrigger, PausedTriggers } from "#core/triggers/paused-triggers.ts";
import { type TriggerKey, type TriggerKind, triggerId } from "#core/triggers/trigger.ts";
import { DynamoConnection } from "#stores/dynamodb/dynamo-connection.ts";

export interface DynamoPausedTriggersOptions {
  readonly tableName: string;
  /** Shared with other tables. @default - one of its own */
  readonly connection?: DynamoConnection;
  /** Of a connection of its own. @default - region and credentials of the environment */
  readonly config?: DynamoDBClientConfig;
}

/** Paused triggers in a DynamoDB table: partition key `pk` (string). */
export class DynamoPausedTriggers implements PausedTriggers {
  readonly #options: DynamoPausedTriggersOptions;
  readonly #connection: DynamoConnection;

  constructor(options: DynamoPausedTriggersOptions) {
    this.#options = options;
    this.#connection = options.connection ?? new DynamoConnection(options.config);
  }

  async pause(trigger: PausedTrigger): Promise<boolean> {
    const { tableName: TableName } = this.#options;
    const version = { N: String(trigger.version) };
    return this.#connection.call(async ({ ConditionalCheckFailedException, PutItemCommand }, client) => {
      const put = {
        TableName,
        Item: { ...toItemKey(trigger), version },
        ConditionExpression: "attribute_not_exists(pk) OR version < :version",
        ExpressionAttributeValues: { ":version": version },
      };
      try {
        await client.send(new PutItemCommand(put));
        return true;
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return false;
        throw error;
      }
    });
  }

  async find(key: TriggerKey): Promise<PausedTrigger | undefined> {
    const asked = { TableName: this.#options.tableName, Key: toItemKey(key), ConsistentRead: true };
    const { Item } = await this.#connection.call(({ GetItemCommand }, client) =>
      client.send(new GetItemCommand(asked)),
    );
    return Item && fromItem(Item);
  }

  async list(): Promise<readonly PausedTrigger[]> {
    return this.#connection.call(async ({ paginateScan }, client) => {
      const paused: PausedTrigger[] = [];
      const pages = paginateScan({ client }, { TableName: this.#options.tableName, ConsistentRead: true });
      for await (const { Items = [] } of pages) paused.push(...Items.map(fromItem));
      return paused;
    });
  }

  close(): Promise<void> {
    return this.#connection.close();
  }
}

const toItemKey = (key: TriggerKey): Record<"pk", AttributeValue> => ({ pk: { S: triggerId(key) } });

function fromItem({ pk, version }: Record<string, AttributeValue>): PausedTrigger {
  const [namespace, kind, name] = JSON.parse(pk?.S as string) as [string, TriggerKind, string];
  return { namespace, kind, name, version: Number(version?.N) };
}
