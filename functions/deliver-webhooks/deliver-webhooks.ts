import type { SQSBatchResponse, SQSEvent, SQSRecord } from "aws-lambda";
import { PulseError } from "#core/errors.ts";
import { attemptDelivery, type DeliveryAttempts, type Verdict } from "#core/triggers/attempt-delivery.ts";
import { type Delivery, fromDeliveryText } from "#core/triggers/delivery.ts";
import type { DeadDeliveryPlace } from "#core/triggers/delivery-queue.ts";
import { log } from "#functions/shared/log.ts";

/** A function that SQS calls. */
export type QueueConsumer = (batch: SQSEvent) => Promise<SQSBatchResponse>;

export interface DeliverOptions extends DeliveryAttempts {
  readonly dead: DeadDeliveryPlace;
  /** Has the message come again after so long, and not when the queue would have it. */
  readonly hide: (receiptHandle: string, ms: number) => Promise<void>;
}

/** What cannot be decided now (a trigger that cannot be read) comes again so much later. */
const TROUBLE_PAUSE_MS = 300_000;

/**
 * Attempts each delivery of a batch. One that is to be tried again is reported as failed, and hidden in its queue until
 * then; one that is dead is done when the place of the dead has taken it.
 */
export const deliverWebhooksHandler =
  (options: DeliverOptions): QueueConsumer =>
  async ({ Records }) => {
    const failures = await Promise.all(Records.map((record) => deliver(record, options)));
    return { batchItemFailures: failures.flatMap((id) => (id === undefined ? [] : [{ itemIdentifier: id }])) };
  };

/** Answers the message's id where it is to come again. */
async function deliver(record: SQSRecord, options: DeliverOptions): Promise<string | undefined> {
  const delivery = read(record);
  // It comes again until the queue gives it to the dead ones: nothing that could be told apart is lost.
  if (delivery === undefined) return record.messageId;
  const verdict = await tryOnce(delivery, Number(record.attributes.ApproximateReceiveCount), options);
  try {
    if (verdict.verdict === "done") return undefined;
    if (verdict.verdict === "dead") {
      await options.dead.take({ ...delivery, reason: verdict.reason });
      return undefined;
    }
    await options.hide(record.receiptHandle, verdict.afterMs);
  } catch (error) {
    // Even a bug must cost only its own message: thrown, it would have all messages of the batch delivered once more.
    const level = error instanceof PulseError ? "warn" : "error";
    log[level]("a delivery comes again when its queue has it", { error: error as Error, webhookId: delivery.id });
  }
  return record.messageId;
}

function read({ body, messageId }: SQSRecord): Delivery | undefined {
  try {
    return fromDeliveryText(body);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    log.error("a message is no delivery", { messageId });
    return undefined;
  }
}

async function tryOnce(delivery: Delivery, attempt: number, options: DeliverOptions): Promise<Verdict> {
  try {
    return await attemptDelivery(delivery, attempt, options);
  } catch (error) {
    if (!(error instanceof PulseError)) throw error;
    log.warn("a delivery cannot be tried now", { reason: error.message, webhookId: delivery.id });
    return { verdict: "retry", afterMs: TROUBLE_PAUSE_MS };
  }
}
