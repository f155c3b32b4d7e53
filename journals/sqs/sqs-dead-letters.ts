import type { SQSClientConfig } from "@aws-sdk/client-sqs";
import { type DeadDelivery, fromDeliveryText } from "#core/triggers/delivery.ts";
import { SqsConnection } from "#journals/sqs/sqs-connection.ts";
import { toMessageText } from "#journals/sqs/sqs-delivery-queue.ts";

/** A dead delivery, and how to have its attempts begin anew. */
export interface FoundDelivery {
  readonly dead: DeadDelivery;
  resend(): Promise<void>;
}

export interface DeadQueues {
  readonly deliveriesUrl: string;
  readonly deadUrl: string;
  readonly now?: () => number;
  /** @default - region and credentials of the environment */
  readonly config?: SQSClientConfig;
}

/** How long messages stay hidden while somebody looks at them; what is not sent again by then shows as before. */
const LOOK_SECONDS = 300;

/** What SQS put there itself has no reason. */
const NO_REASON = "its queue gave it up: it was received too often";

/** Each delivery of the queue of the dead, once; `onUnreadable` is told of messages that are none, which stay. */
export async function* readDeadQueue(
  { deliveriesUrl, deadUrl, now = Date.now, config }: DeadQueues,
  onUnreadable: (messageId: string) => void,
): AsyncGenerator<FoundDelivery> {
  const connection = new SqsConnection(config);
  try {
    for (;;) {
      const { Messages = [] } = await connection.call(({ ReceiveMessageCommand }, client) =>
        client.send(
          new ReceiveMessageCommand({
            QueueUrl: deadUrl,
            MaxNumberOfMessages: 10,
            VisibilityTimeout: LOOK_SECONDS,
            // Asks all of SQS's servers, so that an empty answer means an empty queue.
            WaitTimeSeconds: 1,
          }),
        ),
      );
      if (Messages.length === 0) return;
      for (const { Body = "", MessageId = "", ReceiptHandle } of Messages) {
        const dead = read(Body);
        if (dead === undefined) {
          onUnreadable(MessageId);
          continue;
        }
        yield {
          dead,
          // Sent before it is deleted: what is interrupted in between is delivered twice, under one id.
          async resend() {
            const { reason: _, ...delivery } = dead;
            const MessageBody = toMessageText({ ...delivery, sinceMs: now() });
            await connection.call(({ SendMessageCommand }, client) =>
              client.send(new SendMessageCommand({ QueueUrl: deliveriesUrl, MessageBody })),
            );
            await connection.call(({ DeleteMessageCommand }, client) =>
              client.send(new DeleteMessageCommand({ QueueUrl: deadUrl, ReceiptHandle })),
            );
          },
        };
      }
    }
  } finally {
    await connection.close();
  }
}

function read(body: string): DeadDelivery | undefined {
  try {
    return { reason: NO_REASON, ...fromDeliveryText(body) };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return undefined;
  }
}
