import type { SQSClientConfig } from "@aws-sdk/client-sqs";
import { PulseError } from "#core/errors.ts";
import { type DeadDelivery, type Delivery, toDeliveryText } from "#core/triggers/delivery.ts";
import type { DeadDeliveryPlace, DeliveryQueue } from "#core/triggers/delivery-queue.ts";
import { SqsConnection } from "#journals/sqs/sqs-connection.ts";

/**
 * What SQS does not take in a message, or puts U+FFFD for, though JSON may hold it as
 * it is; control characters it never does.
 */
const NOT_IN_MESSAGES = /[\uFFFE\uFFFF]/g;

/** The same JSON, of characters that arrive as they were sent. */
export const toMessageText = (delivery: Delivery | DeadDelivery): string =>
  toDeliveryText(delivery).replace(NOT_IN_MESSAGES, (character) => `\\u${character.charCodeAt(0).toString(16)}`);

export interface SqsQueueOptions {
  readonly queueUrl: string;
  /** Shared with other queues. @default - one of its own */
  readonly connection?: SqsConnection;
  /** Of a connection of its own. @default - region and credentials of the environment */
  readonly config?: SQSClientConfig;
}

/** What one call takes: ten messages, 1 MiB together. */
const MAX_MESSAGES = 10;
const MAX_BATCH_BYTES = 1024 * 1024;
const CALLS_AT_ONCE = 8;

/**
 * Deliveries as messages of an SQS queue. What SQS does not take is thrown as
 * `unavailable`, for the batch to come again.
 */
export class SqsDeliveryQueue implements DeliveryQueue {
  readonly #queueUrl: string;
  readonly #connection: SqsConnection;

  constructor({ queueUrl, config, connection = new SqsConnection(config) }: SqsQueueOptions) {
    this.#queueUrl = queueUrl;
    this.#connection = connection;
  }

  async hand(deliveries: readonly Delivery[]): Promise<void> {
    const batches = packMessages(deliveries.map(toMessageText));
    const send = async () => {
      for (let batch = batches.pop(); batch !== undefined; batch = batches.pop()) await this.#send(batch);
    };
    const ends = await Promise.allSettled(Array.from({ length: CALLS_AT_ONCE }, send));
    for (const end of ends) if (end.status === "rejected") throw end.reason;
  }

  async #send(messages: readonly string[]): Promise<void> {
    const { Failed = [] } = await this.#connection.call(({ SendMessageBatchCommand }, client) =>
      client.send(
        new SendMessageBatchCommand({
          QueueUrl: this.#queueUrl,
          Entries: messages.map((MessageBody, index) => ({ Id: String(index), MessageBody })),
        }),
      ),
    );
    const [first] = Failed;
    if (first !== undefined)
      throw new PulseError("unavailable", `SQS did not take ${Failed.length} of ${messages.length} deliveries`, {
        cause: new Error(`${first.Code}: ${first.Message}`),
      });
  }

  close(): Promise<void> {
    return this.#connection.close();
  }
}

function packMessages(texts: readonly string[]): string[][] {
  const batches: string[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const text of texts) {
    const size = Buffer.byteLength(text);
    if (bytes + size > MAX_BATCH_BYTES || (batches.at(-1)?.length ?? 0) === MAX_MESSAGES) {
      batches.push([]);
      bytes = 0;
    }
    batches.at(-1)?.push(text);
    bytes += size;
  }
  return batches;
}

/** Dead deliveries as messages of another queue, which nothing reads until somebody sends them again. */
export class SqsDeadDeliveries implements DeadDeliveryPlace {
  readonly #queueUrl: string;
  readonly #connection: SqsConnection;

  constructor({ queueUrl, config, connection = new SqsConnection(config) }: SqsQueueOptions) {
    this.#queueUrl = queueUrl;
    this.#connection = connection;
  }

  async take(dead: DeadDelivery): Promise<void> {
    await this.#connection.call(({ SendMessageCommand }, client) =>
      client.send(new SendMessageCommand({ QueueUrl: this.#queueUrl, MessageBody: toMessageText(dead) })),
    );
  }

  close(): Promise<void> {
    return this.#connection.close();
  }
}
