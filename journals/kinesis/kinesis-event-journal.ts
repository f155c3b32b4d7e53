import type { Event } from "#core/events/event.ts";
import type { EventJournal } from "#core/events/event-journal.ts";
import { KinesisJournal, type KinesisJournalOptions } from "#journals/kinesis/kinesis-journal.ts";
import { toLanes } from "#journals/kinesis/pack-records.ts";

/** The stream `events`: those of one key in their order. */
export class KinesisEventJournal extends KinesisJournal<Event> implements EventJournal {
  constructor(options: KinesisJournalOptions) {
    super(toLanes, options);
  }
}
