import type { SqsConnection } from "#journals/sqs/sqs-connection.ts";

/** Hides messages that this function has received: the time is whole seconds for SQS. */
export const messageHider =
  (queueUrl: string, connection: SqsConnection) =>
  async (receiptHandle: string, ms: number): Promise<void> => {
    await connection.call(({ ChangeMessageVisibilityCommand }, client) =>
      client.send(
        new ChangeMessageVisibilityCommand({
          QueueUrl: queueUrl,
          ReceiptHandle: receiptHandle,
          VisibilityTimeout: Math.max(1, Math.ceil(ms / 1000)),
        }),
      ),
    );
  };
