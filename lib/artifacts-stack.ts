import { Duration, Stack, type StackProps } from "aws-cdk-lib";
import type { Construct } from "constructs";
import type { ArtifactsTable } from "#lib/constructs/artifacts-table.ts";
import type { StreamFollower } from "#lib/constructs/journal-consumer.ts";
import { PulseFunction } from "#lib/constructs/pulse-function.ts";
import { followTable } from "#lib/constructs/table-consumer.ts";
import type { JournalStack } from "#lib/journal-stack.ts";
import type { StageSettings } from "#lib/stage.ts";

export interface ArtifactsStackProps extends StackProps {
  readonly stage: StageSettings;
  readonly artifacts: ArtifactsTable;
  readonly journal: JournalStack;
}

/** From the table of artifacts into the journal: each change becomes its archive event. */
export class ArtifactsStack extends Stack {
  readonly changes: StreamFollower;

  constructor(scope: Construct, id: string, props: ArtifactsStackProps) {
    super(scope, id, { description: "Pulse: from artifacts into the journal", ...props });
    const { stage, artifacts, journal } = props;
    const fn = new PulseFunction(this, "PublishArchive", {
      name: "publish-archive",
      environment: {
        PULSE_EVENTS_STREAM: journal.events.streamName,
        PULSE_DEAD_LETTERS_BUCKET: journal.deadLetters.bucketName,
      },
      stage,
      memoryMib: 512,
      timeout: Duration.minutes(1),
    });
    journal.events.grantWrite(fn);
    this.changes = followTable(fn, { table: artifacts, deadLetters: journal.deadLetters });
  }
}
