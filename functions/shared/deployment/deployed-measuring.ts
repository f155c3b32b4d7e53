import { parseSource } from "#core/artifacts/read-source.ts";
import { systemClock } from "#core/clock.ts";
import type { Measuring } from "#core/workflows/measure-lines.ts";
import { TWO_A_MINUTE } from "#core/workflows/window.ts";
import type { Environment } from "#functions/shared/deployment/environment.ts";
import { KinesisEventJournal } from "#journals/kinesis/kinesis-event-journal.ts";
import { DynamoArtifactStore } from "#stores/dynamodb/dynamo-artifact-store.ts";

/** What a deployed workflow works with, but for the store of events. */
export const deployedMeasuring = ({
  PULSE_EVENTS_STREAM: streamName,
  PULSE_ARTIFACTS_TABLE: tableName,
}: Pick<Environment<"measure-allocation">, "PULSE_EVENTS_STREAM" | "PULSE_ARTIFACTS_TABLE">): Omit<
  Measuring,
  "store"
> => ({
  journal: new KinesisEventJournal({ streamName, clock: systemClock }),
  artifacts: new DynamoArtifactStore({ tableName }),
  readSource: ({ source, format }) => parseSource(source, format),
  rhythm: TWO_A_MINUTE,
  now: systemClock.now,
});
