import type { AttributeValue, DynamoDBClient, DynamoDBClientConfig } from "@aws-sdk/client-dynamodb";
import type { PausedTrigger, PausedTriggers } from "#core/triggers/paused-triggers.ts";
import { type TriggerKind, triggerId } from "#core/triggers/trigger.ts";
import { toFailure } from "#stores/dynamodb/failure.ts";

export interface DynamoPausedTriggersOptions {
  readonly tableName: string;
  /** @default - region and credentials of the environment */
  readonly config?: DynamoDBClientConfig;
}

type Sdk = typeof import("@aws-sdk/client-dynamodb");

/** Paused triggers in a DynamoDB table: partition key `pk` (string); of each, the version that was paused last. */
export class DynamoPausedTriggers implements PausedTriggers {
  readonly #options: DynamoPausedTriggersOptions;
  #opened: Promise<{ readonly sdk: Sdk; readonly client: DynamoDBClient }> | undefined;

  constructor(options: DynamoPausedTriggersOptions) {
    this.#options = options;
  }

  async pause(trigger: PausedTrigger): Promise<void> {
    const Item = { pk: { S: triggerId(trigger) }, version: { N: String(trigger.version) } };
    await this.#call(({ PutItemCommand }, client) =>
      client.send(new PutItemCommand({ TableName: this.#options.tableName, Item })),
    );
  }

  async list(): Promise<readonly PausedTrigger[]> {
    return this.#call(async ({ paginateScan }, client) => {
      const paused: PausedTrigger[] = [];
      const pages = paginateScan({ client }, { TableName: this.#options.tableName, ConsistentRead: true });
      for await (const { Items = [] } of pages) paused.push(...Items.map(fromItem));
      return paused;
    });
  }

  async close(): Promise<void> {
    (await this.#opened)?.client.destroy();
  }

  async #call<Result>(ask: (sdk: Sdk, client: DynamoDBClient) => Promise<Result>): Promise<Result> {
    this.#opened ??= import("@aws-sdk/client-dynamodb").then((sdk) => ({
      sdk,
      client: new sdk.DynamoDBClient(this.#options.config ?? {}),
    }));
    const { sdk, client } = await this.#opened;
    try {
      return await ask(sdk, client);
    } catch (error) {
      throw toFailure(error);
    }
  }
}

function fromItem({ pk, version }: Record<string, AttributeValue>): PausedTrigger {
  const [namespace, kind, name] = JSON.parse(pk?.S as string) as [string, TriggerKind, string];
  return { namespace, kind, name, version: Number(version?.N) };
}
