import { createHash, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import type { SQSClientConfig } from "@aws-sdk/client-sqs";
import type { SQSBatchResponse, SQSEvent, SQSRecord } from "aws-lambda";

interface HeldMessage {
  readonly id: string;
  readonly body: string;
  receives: number;
  hiddenUntilMs: number;
  receipt: string;
}

/**
 * As much of SQS as deliveries need, in its wire protocol (AWS JSON 1.0): messages are sent, received, hidden and
 * deleted. No stand-in of others is at hand; what is here is written from AWS's documentation. Its clock is the test's.
 */
export interface TestSqs {
  readonly config: SQSClientConfig;
  readonly environment: Readonly<Record<string, string>>;
  urlOf(queue: string): string;
  bodies(queue: string): readonly string[];
  /** The operations so far, by their names. */
  readonly calls: readonly string[];
  /** So many entries of the next batches are refused. */
  refuseEntries(count: number): void;
  /** Every call is answered with this error from now on; undefined ends it. */
  refuse(code: string | undefined, status?: number): void;
  pass(ms: number): void;
  send(queue: string, body: string): void;
  /** Hands visible messages to a function as its event source mapping does; answers how many it was given. */
  deliver(queue: string, fn: (batch: SQSEvent) => Promise<SQSBatchResponse>): Promise<number>;
  close(): Promise<void>;
}

const VISIBILITY_MS = 30_000;
const MAX_BATCH_BYTES = 1024 * 1024;

// biome-ignore lint/suspicious/noExplicitAny: a call is what the client makes it
type Call = any;

export async function openSqs(): Promise<TestSqs> {
  const queues = new Map<string, HeldMessage[]>();
  const calls: string[] = [];
  let refusal: { readonly code: string; readonly status: number } | undefined;
  let refusedEntries = 0;
  let nowMs = Date.now();
  const held = (name: string): HeldMessage[] => {
    const queue = queues.get(name) ?? [];
    queues.set(name, queue);
    return queue;
  };
  const queueOf = (call: Call): HeldMessage[] => held(String(call.QueueUrl).split("/").at(-1) as string);

  function send(queue: HeldMessage[], body: string) {
    const message = { id: randomUUID(), body, receives: 0, hiddenUntilMs: 0, receipt: "" };
    queue.push(message);
    return { MessageId: message.id, MD5OfMessageBody: createHash("md5").update(body).digest("hex") };
  }

  function receive(queue: HeldMessage[], most: number): HeldMessage[] {
    const received = queue.filter(({ hiddenUntilMs }) => hiddenUntilMs <= nowMs).slice(0, most);
    for (const message of received) {
      message.receives++;
      message.hiddenUntilMs = nowMs + VISIBILITY_MS;
      message.receipt = randomUUID();
    }
    return received;
  }

  const remove = (queue: HeldMessage[], receipt: string) => {
    const index = queue.findIndex((message) => message.receipt === receipt);
    if (index >= 0) queue.splice(index, 1);
  };

  const operations: Readonly<Record<string, (call: Call) => object>> = {
    SendMessage: (call) => send(queueOf(call), call.MessageBody),
    SendMessageBatch: (call) => {
      const bytes = call.Entries.reduce(
        (sum: number, { MessageBody }: Call) => sum + Buffer.byteLength(MessageBody),
        0,
      );
      if (call.Entries.length > 10 || bytes > MAX_BATCH_BYTES)
        throw new Error("AWS.SimpleQueueService.BatchRequestTooLong");
      const Successful: object[] = [];
      const Failed: object[] = [];
      for (const { Id, MessageBody } of call.Entries) {
        if (refusedEntries > 0) {
          refusedEntries--;
          Failed.push({ Id, Code: "InternalError", Message: "of the test", SenderFault: false });
        } else Successful.push({ Id, ...send(queueOf(call), MessageBody) });
      }
      return { Successful, Failed };
    },
    ReceiveMessage: (call) => ({
      Messages: receive(queueOf(call), call.MaxNumberOfMessages ?? 1).map(({ id, body, receipt }) => ({
        MessageId: id,
        Body: body,
        ReceiptHandle: receipt,
        MD5OfBody: createHash("md5").update(body).digest("hex"),
      })),
    }),
    DeleteMessage: (call) => {
      remove(queueOf(call), call.ReceiptHandle);
      return {};
    },
    ChangeMessageVisibility: (call) => {
      const message = queueOf(call).find(({ receipt }) => receipt === call.ReceiptHandle);
      if (message !== undefined) message.hiddenUntilMs = nowMs + call.VisibilityTimeout * 1000;
      return {};
    },
  };

  const server = createServer(async (request, response) => {
    const name = String(request.headers["x-amz-target"]).replace("AmazonSQS.", "");
    const call = await json(request);
    calls.push(name);
    response.setHeader("content-type", "application/x-amz-json-1.0");
    const fail = (code: string, status: number) =>
      response.writeHead(status).end(JSON.stringify({ __type: `com.amazonaws.sqs#${code}`, message: "of the test" }));
    if (refusal !== undefined) return fail(refusal.code, refusal.status);
    try {
      response.end(JSON.stringify(operations[name]?.(call)));
    } catch (error) {
      fail((error as Error).message, 400);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    config: {
      endpoint,
      region: "eu-central-1",
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
      maxAttempts: 1,
    },
    environment: {
      AWS_ENDPOINT_URL_SQS: endpoint,
      AWS_REGION: "eu-central-1",
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
    },
    urlOf: (queue) => `${endpoint}/000000000000/${queue}`,
    bodies: (queue) => held(queue).map(({ body }) => body),
    calls,
    refuseEntries: (count) => {
      refusedEntries = count;
    },
    refuse: (code, status = 500) => {
      refusal = code === undefined ? undefined : { code, status };
    },
    pass: (ms) => {
      nowMs += ms;
    },
    send: (queue, body) => void send(held(queue), body),
    async deliver(name, fn) {
      const queue = held(name);
      const messages = receive(queue, 10);
      if (messages.length === 0) return 0;
      const { batchItemFailures } = await fn({ Records: messages.map(toRecord) });
      const failed = new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
      for (const { id, receipt } of messages) if (!failed.has(id)) remove(queue, receipt);
      return messages.length;
    },
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

const toRecord = ({ id, body, receipt, receives }: HeldMessage): SQSRecord => ({
  messageId: id,
  receiptHandle: receipt,
  body,
  attributes: {
    ApproximateReceiveCount: String(receives),
    SentTimestamp: "0",
    SenderId: "test",
    ApproximateFirstReceiveTimestamp: "0",
  },
  messageAttributes: {},
  md5OfBody: "",
  eventSource: "aws:sqs",
  eventSourceARN: "arn:aws:sqs:eu-central-1:000000000000:deliveries",
  awsRegion: "eu-central-1",
});
