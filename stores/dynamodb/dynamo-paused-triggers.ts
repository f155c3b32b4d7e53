import type { AttributeValue, DynamoDBClientConfig } from "@aws-sdk/client-dynamodb";
import type { PausedTrigger, PausedTriggers } from "#core/triggers/paused-triggers.ts";
import { type TriggerKind, triggerId } from "#core/triggers/trigger.ts";
import { DynamoConnection } from "#stores/dynamodb/dynamo-connection.ts";

export interface DynamoPausedTriggersOptions {
  readonly tableName: string;
  /** @default - region and credentials of the environment */
  readonly config?: DynamoDBClientConfig;
}

/** Paused triggers in a DynamoDB table: partition key `pk` (string); of each, the version that was paused last. */
export class DynamoPausedTriggers implements PausedTriggers {
  readonly #options: DynamoPausedTriggersOptions;
  readonly #connection: DynamoConnection;

  constructor(options: DynamoPausedTriggersOptions) {
    this.#options = options;
    this.#connection = new DynamoConnection(options.config);
  }

  async pause(trigger: PausedTrigger): Promise<void> {
    const Item = { pk: { S: triggerId(trigger) }, version: { N: String(trigger.version) } };
    await this.#connection.call(({ PutItemCommand }, client) =>
      client.send(new PutItemCommand({ TableName: this.#options.tableName, Item })),
    );
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

function fromItem({ pk, version }: Record<string, AttributeValue>): PausedTrigger {
  const [namespace, kind, name] = JSON.parse(pk?.S as string) as [string, TriggerKind, string];
  return { namespace, kind, name, version: Number(version?.N) };
}
