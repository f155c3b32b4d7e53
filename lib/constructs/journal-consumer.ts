import type { IStream } from "aws-cdk-lib/aws-kinesis";
import type { PulseFunction } from "#lib/constructs/pulse-function.ts";

/** A function that follows a stream of the journal, and the event source mapping that feeds it. */
export interface JournalConsumer {
  readonly stream: IStream;
  readonly fn: PulseFunction;
  readonly mappingId: string;
}
