import type { DynamoDBBatchResponse, DynamoDBRecord, DynamoDBStreamEvent } from "aws-lambda";
import { toArchiveEvent } from "#core/artifacts/archive-event.ts";
import type { ArtifactState } from "#core/artifacts/artifact-state.ts";
import { PulseError } from "#core/errors.ts";
import type { Event } from "#core/events/event.ts";
import { type EventJournal, toSeq } from "#core/events/event-journal.ts";
import type { DeadLetter, DeadLetterPlace } from "#core/events/index-entries.ts";
import { log } from "#functions/shared/log.ts";
import type { BatchOutcome } from "#functions/shared/metrics.ts";

/** A function that follows the stream of a DynamoDB table, as AWS calls it. */
export type TableConsumer = (batch: DynamoDBStreamEvent) => Promise<DynamoDBBatchResponse>;

/** An item as the table's stream tells it. */
export type Image = NonNullable<NonNullable<DynamoDBRecord["dynamodb"]>["NewImage"]>;

export interface PublishArchiveOptions {
  readonly journal: EventJournal;
  readonly deadLetters: DeadLetterPlace;
  /** What an item says; throws where it says nothing that was ever put. */
  readonly fromItem: (item: Image) => ArtifactState;
  /** Told what became of each batch. @default - nobody is */
  readonly onBatch?: (outcome: BatchOutcome) => void;
}

/**
 * Puts the event of each change of an artifact into the journal, in the order of the table's stream. All of an event
 * follows from its item, so a batch that comes again doubles nothing. What the journal does not take is named as the
 * first unfinished sequence number, from which the batch comes again; only a bug throws.
 */
export const publishArchiveHandler =
  ({ journal, deadLetters, fromItem, onBatch = () => {} }: PublishArchiveOptions): TableConsumer =>
  async ({ Records: records }) => {
    const changes: { readonly record: DynamoDBRecord; readonly event: Event }[] = [];
    const unreadable: DeadLetter[] = [];
    for (const record of records) {
      const image = record.dynamodb?.NewImage;
      // Somebody deleted the item by hand: Pulse keeps one of a deleted artifact, too.
      if (image === undefined) log.warn("an artifact was removed from the table", { keys: record.dynamodb?.Keys });
      else
        try {
          changes.push({ record, event: toArchiveEvent(fromItem(image)) });
        } catch (error) {
          unreadable.push(toDeadLetter(record, image, (error as Error).message));
        }
    }
    try {
      if (unreadable.length > 0) await deadLetters.take(unreadable);
      const appended = await journal.append(changes.map(({ event }) => event));
      const left = appended.findIndex((outcome) => "notTaken" in outcome);
      if (left < 0) {
        onBatch({ kept: changes.length, dead: unreadable.length, oldestArrivalMs: arrivalMs(records[0]) });
        return { batchItemFailures: [] };
      }
      return comesAgain(changes[left]?.record, (appended[left] as { notTaken: string }).notTaken);
    } catch (error) {
      if (!(error instanceof PulseError)) throw error;
      return comesAgain(records[0], error.message);
    }

    function comesAgain(from: DynamoDBRecord | undefined, reason: string): DynamoDBBatchResponse {
      log.warn("the batch will come again", { reason, records: records.length });
      onBatch({ returned: true });
      return { batchItemFailures: [{ itemIdentifier: sequenceNumberOf(from) }] };
    }
  };

const sequenceNumberOf = (record: DynamoDBRecord | undefined): string => record?.dynamodb?.SequenceNumber ?? "";

const arrivalMs = (record: DynamoDBRecord | undefined): number =>
  (record?.dynamodb?.ApproximateCreationDateTime ?? Date.now() / 1000) * 1000;

/** `arn:aws:dynamodb:…:table/<table>/stream/<label>` */
const toDeadLetter = (record: DynamoDBRecord, image: Image, reason: string): DeadLetter => ({
  reason,
  point: {
    shard: (record.eventSourceARN ?? "").split("/").slice(1).join("/"),
    seq: toSeq(sequenceNumberOf(record), 0),
  },
  line: JSON.stringify(image),
});
