import type { PulseFunction } from "#lib/constructs/pulse-function.ts";

/** A function that follows the journal, and the event source mapping that feeds it. */
export interface JournalConsumer {
  readonly fn: PulseFunction;
  readonly mappingId: string;
}
