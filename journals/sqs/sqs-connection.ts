import type { SQSClient, SQSClientConfig } from "@aws-sdk/client-sqs";
import { toFailure } from "#journals/sqs/failure.ts";

type Sdk = typeof import("@aws-sdk/client-sqs");

/** The client, loaded with the first call: what hands nothing on does not pay for it. */
export class SqsConnection {
  readonly #config: SQSClientConfig;
  #opened: Promise<{ readonly sdk: Sdk; readonly client: SQSClient }> | undefined;

  constructor(config: SQSClientConfig = {}) {
    this.#config = config;
  }

  /** Throws `unavailable` where a retry may help. */
  async call<Result>(ask: (sdk: Sdk, client: SQSClient) => Promise<Result>): Promise<Result> {
    this.#opened ??= import("@aws-sdk/client-sqs").then((sdk) => ({ sdk, client: new sdk.SQSClient(this.#config) }));
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
