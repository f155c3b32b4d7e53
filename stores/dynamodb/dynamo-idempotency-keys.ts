import { hash } from "node:crypto";
import type { AttributeValue, DynamoDBClientConfig } from "@aws-sdk/client-dynamodb";
import { type IdempotencyKeys, KEY_LIFETIME_MS, type KeyClaim } from "#core/events/idempotency-keys.ts";
import { DynamoConnection } from "#stores/dynamodb/dynamo-connection.ts";

export interface DynamoIdempotencyKeysOptions {
  readonly tableName: string;
  /** @default - region and credentials of the environment */
  readonly config?: DynamoDBClientConfig;
}

/** As many as the client has connections. */
const PARALLEL_CLAIMS = 50;

/**
 * Idempotency keys in a DynamoDB table: partition key `pk` (string), time to live `expiresAt` (epoch seconds). An item
 * is deleted hours after it expired, so a claim compares the times itself; its own time counts. The client is loaded
 * with the first claim: who is never given a key does not pay for it. Throws `unavailable` where a retry may help.
 */
export class DynamoIdempotencyKeys implements IdempotencyKeys {
  readonly #options: DynamoIdempotencyKeysOptions;
  readonly #connection: DynamoConnection;

  constructor(options: DynamoIdempotencyKeysOptions) {
    this.#options = options;
    this.#connection = new DynamoConnection(options.config);
  }

  async claim(claims: readonly KeyClaim[]): Promise<readonly KeyClaim[]> {
    const pks = claims.map(toPk);
    const firsts = new Map<string, KeyClaim>();
    for (const [index, claim] of claims.entries()) {
      const pk = pks[index] as string;
      if (!firsts.has(pk)) firsts.set(pk, claim);
    }
    const left = firsts.entries();
    const claimInTurn = async (): Promise<void> => {
      for (const [pk, claim] of left) firsts.set(pk, await this.#put(pk, claim));
    };
    await Promise.all(Array.from({ length: PARALLEL_CLAIMS }, claimInTurn));
    return pks.map((pk) => firsts.get(pk) as KeyClaim);
  }

  /** The claim that holds the key: this one, or the one that was first. */
  #put(pk: string, claim: KeyClaim): Promise<KeyClaim> {
    return this.#connection.call(async ({ ConditionalCheckFailedException, PutItemCommand }, client) => {
      const put = {
        TableName: this.#options.tableName,
        Item: toItem(pk, claim),
        ConditionExpression: "attribute_not_exists(pk) OR receivedAtMs <= :forgotten",
        ExpressionAttributeValues: { ":forgotten": { N: String(claim.receivedAtMs - KEY_LIFETIME_MS) } },
        ReturnValuesOnConditionCheckFailure: "ALL_OLD",
      } as const;
      try {
        await client.send(new PutItemCommand(put));
        return claim;
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException && error.Item) return fromItem(error.Item, claim);
        throw error;
      }
    });
  }

  close(): Promise<void> {
    return this.#connection.close();
  }
}

/** Hashed: a key of DynamoDB has at most 2 KiB, and a CloudEvent's source and id may be longer. */
const toPk = ({ namespace, key }: KeyClaim): string => hash("sha256", `${namespace}/${key}`, "base64url");

const toItem = (pk: string, { digest, id, receivedAtMs }: KeyClaim): Record<string, AttributeValue> => ({
  pk: { S: pk },
  digest: { S: digest },
  id: { S: id },
  receivedAtMs: { N: String(receivedAtMs) },
  expiresAt: { N: String(Math.ceil((receivedAtMs + KEY_LIFETIME_MS) / 1000)) },
});

const fromItem = (item: Record<string, AttributeValue>, { namespace, key }: KeyClaim): KeyClaim => ({
  namespace,
  key,
  digest: item.digest?.S as string,
  id: item.id?.S as string,
  receivedAtMs: Number(item.receivedAtMs?.N),
});
