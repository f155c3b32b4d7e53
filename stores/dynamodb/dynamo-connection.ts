import type { DynamoDBClient, DynamoDBClientConfig } from "@aws-sdk/client-dynamodb";
import { toFailure } from "#stores/dynamodb/failure.ts";

type Sdk = typeof import("@aws-sdk/client-dynamodb");

/** A call, or some, with the client. */
export type Ask<Result> = (sdk: Sdk, client: DynamoDBClient) => Promise<Result>;

/** The client, loaded with the first call: what reads and writes nothing does not pay for it. */
export class DynamoConnection {
  readonly #config: DynamoDBClientConfig;
  #opened: Promise<{ readonly sdk: Sdk; readonly client: DynamoDBClient }> | undefined;

  constructor(config: DynamoDBClientConfig = {}) {
    this.#config = config;
  }

  /** Throws `unavailable` where a retry may help. */
  async call<Result>(ask: Ask<Result>): Promise<Result> {
    this.#opened ??= import("@aws-sdk/client-dynamodb").then((sdk) => ({
      sdk,
      client: new sdk.DynamoDBClient(this.#config),
    }));
    const { sdk, client } = await this.#opened;
    try {
      return await ask(sdk, client);
    } catch (error) {
      throw toFailure(error);
    }
  }

  async close(): Promise<void> {
    (await this.#opened)?.client.destroy();
  }
}
