import type { AttributeValue, DynamoDBClientConfig } from "@aws-sdk/client-dynamodb";
import type { ApiKeyRecord, ApiKeys } from "#core/access/api-keys.ts";
import { isRight } from "#core/access/principal.ts";
import { DynamoConnection } from "#stores/dynamodb/dynamo-connection.ts";

export interface DynamoApiKeysOptions {
  readonly tableName: string;
  /** @default - region and credentials of the environment */
  readonly config?: DynamoDBClientConfig;
}

/**
 * API keys in a DynamoDB table: partition key `pk` (string), the key's id. Reads are consistent: who was revoked is not
 * found any more. The client is loaded with the first call: who is never given a key does not pay for it.
 */
export class DynamoApiKeys implements ApiKeys {
  readonly #options: DynamoApiKeysOptions;
  readonly #connection: DynamoConnection;

  constructor(options: DynamoApiKeysOptions) {
    this.#options = options;
    this.#connection = new DynamoConnection(options.config);
  }

  async find(id: string): Promise<ApiKeyRecord | undefined> {
    const { Item } = await this.#connection.call(({ GetItemCommand }, client) =>
      client.send(new GetItemCommand({ TableName: this.#options.tableName, Key: toKey(id), ConsistentRead: true })),
    );
    return Item === undefined ? undefined : fromItem(Item);
  }

  async add(record: ApiKeyRecord): Promise<void> {
    await this.#connection.call(({ PutItemCommand }, client) =>
      client.send(
        new PutItemCommand({
          TableName: this.#options.tableName,
          Item: toItem(record),
          ConditionExpression: "attribute_not_exists(pk)",
        }),
      ),
    );
  }

  async list(): Promise<readonly ApiKeyRecord[]> {
    return this.#connection.call(async ({ paginateScan }, client) => {
      const records: ApiKeyRecord[] = [];
      const pages = paginateScan({ client }, { TableName: this.#options.tableName, ConsistentRead: true });
      for await (const { Items = [] } of pages) records.push(...Items.map(fromItem));
      return records;
    });
  }

  async revoke(id: string): Promise<boolean> {
    const { Attributes } = await this.#connection.call(({ DeleteItemCommand }, client) =>
      client.send(
        new DeleteItemCommand({ TableName: this.#options.tableName, Key: toKey(id), ReturnValues: "ALL_OLD" }),
      ),
    );
    return Attributes !== undefined;
  }

  close(): Promise<void> {
    return this.#connection.close();
  }
}

const toKey = (id: string): Record<string, AttributeValue> => ({ pk: { S: id } });

const toItem = ({ id, name, digest, rights, namespaces, createdAtMs }: ApiKeyRecord) => ({
  ...toKey(id),
  name: { S: name },
  digest: { S: digest },
  rights: { SS: [...rights] },
  ...(namespaces !== undefined && { namespaces: { SS: [...namespaces] } }),
  createdAtMs: { N: String(createdAtMs) },
});

const fromItem = (item: Record<string, AttributeValue>): ApiKeyRecord => ({
  id: item.pk?.S as string,
  name: item.name?.S as string,
  digest: item.digest?.S as string,
  rights: (item.rights?.SS ?? []).filter(isRight),
  ...(item.namespaces?.SS !== undefined && { namespaces: item.namespaces.SS }),
  createdAtMs: Number(item.createdAtMs?.N),
});
