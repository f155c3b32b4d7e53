import { randomUUID } from "node:crypto";
import type { AttributeValue, DynamoDBClientConfig } from "@aws-sdk/client-dynamodb";
import type { Artifact, ArtifactKey, ArtifactKind } from "#core/artifacts/artifact.ts";
import { type ArtifactState, decideChange, toArtifact } from "#core/artifacts/artifact-state.ts";
import type { ArtifactChange, ArtifactPage, ArtifactStore, Changed } from "#core/artifacts/artifact-store.ts";
import { type Clock, sleep, systemClock } from "#core/clock.ts";
import { PulseError } from "#core/errors.ts";
import { fromItem, toItem, toItemKey, toPartition } from "#stores/dynamodb/artifact-item.ts";
import { type Ask, DynamoConnection } from "#stores/dynamodb/dynamo-connection.ts";
import { isOverwrite, toOverwrite } from "#stores/dynamodb/overwrite-item.ts";

export interface DynamoArtifactStoreOptions {
  readonly tableName: string;
  /** Waits between the tries of writers that are in each other's way. @default - the machine's */
  readonly clock?: Clock;
  /** Shared with other tables. @default - one of its own */
  readonly connection?: DynamoConnection;
  /** Of a connection of its own. @default - region and credentials of the environment */
  readonly config?: DynamoDBClientConfig;
}

/** What became of a write: the state that it made, or what is there instead of what it was to replace. */
type Tried = { readonly made: ArtifactState } | { readonly inTheWay: ArtifactState | undefined };

/** Within this time the last of a hundred writers of one artifact has had its turn; API Gateway waits for 29 s. */
const PATIENCE_MS = 10_000;
const LONGEST_PAUSE_MS = 1000;
/**
 * Pauses begin after this many tries: an update that fits any version is refused twice at most, unless the artifact is
 * deleted and created all the time.
 */
const TRIES_WITHOUT_PAUSE = 4;

/**
 * Artifacts in a DynamoDB table: partition key `pk` (`<namespace>/<kind>`), sort key `sk` (the name). A change is a
 * put on the version that it was decided with or, where no version is asked for, an update that fits any;
 * `publish-archive` makes its event behind the table's stream. A deleted artifact stays, without a source, so that
 * versions only grow. Reads are consistent.
 */
export class DynamoArtifactStore implements ArtifactStore {
  readonly #options: DynamoArtifactStoreOptions;
  readonly #connection: DynamoConnection;

  constructor(options: DynamoArtifactStoreOptions) {
    this.#options = options;
    this.#connection = options.connection ?? new DynamoConnection(options.config);
  }

  async find(key: ArtifactKey): Promise<Artifact | undefined> {
    return toArtifact(await this.#stateOf(key));
  }

  async list(
    namespace: string,
    kind: ArtifactKind,
    { after, limit }: { readonly after?: string; readonly limit: number },
  ): Promise<ArtifactPage> {
    const artifacts: Artifact[] = [];
    let from = after === undefined ? undefined : toItemKey({ namespace, kind, name: after });
    do {
      const { Items = [], LastEvaluatedKey } = await this.#query(toPartition({ namespace, kind }), from);
      artifacts.push(...Items.map((item) => toArtifact(fromItem(item)) as Artifact));
      from = LastEvaluatedKey as typeof from;
    } while (from !== undefined && artifacts.length <= limit);
    const page = artifacts.slice(0, limit);
    const last = page.at(-1);
    return { artifacts: page, ...(artifacts.length > limit && last !== undefined && { next: last.name }) };
  }

  /** A page of a megabyte, without those that were deleted. */
  #query(pk: AttributeValue, from: Record<string, AttributeValue> | undefined) {
    return this.#connection.call(({ QueryCommand }, client) =>
      client.send(
        new QueryCommand({
          TableName: this.#options.tableName,
          ConsistentRead: true,
          KeyConditionExpression: "pk = :pk",
          FilterExpression: "change <> :delete",
          ExpressionAttributeValues: { ":pk": pk, ":delete": { S: "delete" } },
          ...(from !== undefined && { ExclusiveStartKey: from }),
        }),
      ),
    );
  }

  async change(change: ArtifactChange): Promise<Changed> {
    const { clock = systemClock } = this.#options;
    const writer = randomUUID();
    const deadlineMs = clock.now() + PATIENCE_MS;
    let held = await this.#stateOf(change);
    for (let tries = 1; clock.now() < deadlineMs; tries++) {
      const { answer, next } = decideChange(change, held);
      if (next === undefined) return answer;
      const tried =
        held !== undefined && isOverwrite(change, next)
          ? await this.#overwrite(change, next, held, writer)
          : await this.#put(next, held, writer);
      if ("made" in tried) return madeOf(answer, tried.made);
      const { answer: refused, next: other } = decideChange(change, tried.inTheWay);
      if (other === undefined) return refused;
      held = tried.inTheWay;
      if (isOverwrite(change, other) && tries < TRIES_WITHOUT_PAUSE) continue;
      await sleep(clock, Math.random() * Math.min(LONGEST_PAUSE_MS, 4 ** tries));
      // Read anew, for what was in the way is old after a pause among many writers.
      held = await this.#stateOf(change);
    }
    throw new PulseError("unavailable", "too many change this artifact at once", { retryAfterSeconds: 1 });
  }

  /** Puts the next state in place of the one that was held. */
  #put(next: ArtifactState, held: ArtifactState | undefined, writer: string): Promise<Tried> {
    const condition =
      held === undefined
        ? { ConditionExpression: "attribute_not_exists(pk)" }
        : {
            ConditionExpression: "version = :held",
            ExpressionAttributeValues: { ":held": { N: String(held.version) } },
          };
    const put = {
      TableName: this.#options.tableName,
      Item: toItem(next, writer),
      ReturnValuesOnConditionCheckFailure: "ALL_OLD",
      ...condition,
    } as const;
    return this.#try(writer, async ({ PutItemCommand }, client) => {
      await client.send(new PutItemCommand(put));
      return next;
    });
  }

  /** Puts the next content in place of whatever there is: the table says which version it made. */
  #overwrite(change: ArtifactChange, next: ArtifactState, held: ArtifactState, writer: string): Promise<Tried> {
    const update = { TableName: this.#options.tableName, ...toOverwrite(change, next, held, writer) };
    return this.#try(writer, async ({ UpdateItemCommand }, client) => {
      const { Attributes = {} } = await client.send(new UpdateItemCommand(update));
      return fromItem(Attributes);
    });
  }

  /** A writer that finds its own item in the way was not refused: an earlier try was made, and its answer lost. */
  #try(writer: string, write: Ask<ArtifactState>): Promise<Tried> {
    return this.#connection.call(async (sdk, client) => {
      try {
        return { made: await write(sdk, client) };
      } catch (error) {
        if (!(error instanceof sdk.ConditionalCheckFailedException)) throw error;
        const { Item: item } = error;
        const state = item && fromItem(item);
        return state !== undefined && item?.writer?.S === writer ? { made: state } : { inTheWay: state };
      }
    });
  }

  async #stateOf(key: ArtifactKey): Promise<ArtifactState | undefined> {
    const { Item } = await this.#connection.call(({ GetItemCommand }, client) =>
      client.send(
        new GetItemCommand({ TableName: this.#options.tableName, Key: toItemKey(key), ConsistentRead: true }),
      ),
    );
    return Item && fromItem(Item);
  }

  close(): Promise<void> {
    return this.#connection.close();
  }
}

/** The answer, with the version that the table has counted. */
function madeOf(answer: Changed, made: ArtifactState): Changed {
  const artifact = toArtifact(made);
  return artifact !== undefined && answer.outcome === "updated" ? { outcome: "updated", artifact } : answer;
}
