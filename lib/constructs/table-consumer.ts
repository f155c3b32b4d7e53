import { Duration, Validations } from "aws-cdk-lib";
import type { ITable, Table } from "aws-cdk-lib/aws-dynamodb";
import { DynamoEventSource } from "aws-cdk-lib/aws-lambda-event-sources";
import type { IBucket } from "aws-cdk-lib/aws-s3";
import { grantPutAside, type StreamFollower, untilTaken } from "#lib/constructs/journal-consumer.ts";
import type { PulseFunction } from "#lib/constructs/pulse-function.ts";

/** How long the stream of a table holds a change. */
const RETENTION = Duration.hours(24);

/**
 * Feeds a function each change of a table's items, in their order, until it has
 * taken it or the stream is about to forget.
 */
export function followTable(
  fn: PulseFunction,
  { table, deadLetters }: { readonly table: Table; readonly deadLetters: IBucket },
): StreamFollower {
  grantPutAside(fn, deadLetters);
  // Its types say that a stream may be left out, but not that it may be undefined.
  const source = new DynamoEventSource(table as ITable, untilTaken({ retention: RETENTION, deadLetters }));
  fn.addEventSource(source);
  Validations.of(fn.executionRole).acknowledge({
    id: "AwsSolutions-IAM5[Resource::*]",
    reason: "X-Ray's two actions for sending traces, and listing the streams of tables, take no resource.",
  });
  return { fn, mappingId: source.eventSourceMappingId };
}
