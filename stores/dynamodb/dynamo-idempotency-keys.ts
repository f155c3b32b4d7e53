import { hash } from "node:crypto";
import type { AttributeValue, DynamoDBClient, DynamoDBClientConfig } from "@aws-sdk/client-dynamodb";
import { type IdempotencyKeys, KEY_LIFETIME_MS, type KeyClaim } from "#core/events/idempotency-keys.ts";
import { toFailure } from "#stores/dynamodb/failure.ts";

export interface DynamoIdempotencyKeysOptions {
  readonly tableName: string;
  /** @default - region and credentials of the environment */
  readonly config?: DynamoDBClientConfig;
}

/** As many as the client has connections. */
const PARALLEL_CLAIMS = 50;

/**
 * Idempotency keys in a DynamoDB table: partition key `pk` (string), time to live `expiresAt` (epoch seconds). An item is
 * deleted hours after it expired, so a claim compares the times itself; its own time counts. The client is loaded with the
 * first claim: who is never given a key does not pay for it. Throws `unavailable` where a retry may help.
 */
export class DynamoIdempotencyKeys implements IdempotencyKeys {
  readonly #options: DynamoIdempotencyKeysOptions;
  #table: Promise<KeysTable> | undefined;

  constructor(options: DynamoIdempotencyKeysOptions) {
    this.#options = options;
  }

  async claim(claims: readonly KeyClaim[]): Promise<readonly KeyClaim[]> {
    this.#table ??= openTable(this.#options);
    const table = await this.#table;
    const pks = claims.map(toPk);
    const firsts = new Map<string, KeyClaim>();
    for (const [index, claim] of claims.entries()) {
      const pk = pks[index] as string;
      if (!firsts.has(pk)) firsts.set(pk, claim);
    }
    const left = firsts.entries();
    const claimInTurn = async (): Promise<void> => {
      for (const [pk, claim] of left) firsts.set(pk, await table.claim(pk, claim));
    };
    await Promise.all(Array.from({ length: PARALLEL_CLAIMS }, claimInTurn));
    return pks.map((pk) => firsts.get(pk) as KeyClaim);
  }

  async close(): Promise<void> {
    (await this.#table)?.close();
  }
}

interface KeysTable {
  /** The claim that holds the key: this one, or the one that was first. */
  claim(pk: string, claim: KeyClaim): Promise<KeyClaim>;
  close(): void;
}

async function openTable({ tableName, config = {} }: DynamoIdempotencyKeysOptions): Promise<KeysTable> {
  const { ConditionalCheckFailedException, DynamoDBClient, PutItemCommand } = await import("@aws-sdk/client-dynamodb");
  const client: DynamoDBClient = new DynamoDBClient(config);
  return {
    async claim(pk, claim) {
      try {
        await client.send(
          new PutItemCommand({
            TableName: tableName,
            Item: toItem(pk, claim),
            ConditionExpression: "attribute_not_exists(pk) OR receivedAtMs <= :forgotten",
            ExpressionAttributeValues: { ":forgotten": { N: String(claim.receivedAtMs - KEY_LIFETIME_MS) } },
            ReturnValuesOnConditionCheckFailure: "ALL_OLD",
          }),
        );
        return claim;
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException && error.Item) return fromItem(error.Item, claim);
        throw toFailure(error);
      }
    },
    close: () => client.destroy(),
  };
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
