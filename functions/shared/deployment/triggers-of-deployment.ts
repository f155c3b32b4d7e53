import { parseSource } from "#core/artifacts/read-source.ts";
import { systemClock } from "#core/clock.ts";
import { PulseError } from "#core/errors.ts";
import type { Event } from "#core/events/event.ts";
import type { EventJournal } from "#core/events/event-journal.ts";
import { DEFAULT_NAMESPACE } from "#core/namespaces.ts";
import { TriggerCatalog } from "#core/triggers/trigger-catalog.ts";
import type { Environment } from "#functions/shared/deployment/environment.ts";
import { log } from "#functions/shared/log.ts";
import { egressGuard } from "#functions/shared/triggers/egress-guard.ts";
import { KinesisEventJournal } from "#journals/kinesis/kinesis-event-journal.ts";
import { DynamoArtifactStore } from "#stores/dynamodb/dynamo-artifact-store.ts";
import { DynamoConnection } from "#stores/dynamodb/dynamo-connection.ts";
import { DynamoPausedTriggers } from "#stores/dynamodb/dynamo-paused-triggers.ts";

/** New and changed triggers are in force within this time. */
const MAX_AGE_MS = 10_000;

/** What functions need that run triggers of a deployment. */
export function openTriggers(environment: Environment<"publish-ticks">) {
  const guard = egressGuard({ allowed: environment.PULSE_WEBHOOK_NETWORKS });
  const connection = new DynamoConnection();
  const paused = new DynamoPausedTriggers({ tableName: environment.PULSE_PAUSED_TRIGGERS_TABLE, connection });
  const catalog = new TriggerCatalog({
    artifacts: new DynamoArtifactStore({ tableName: environment.PULSE_ARTIFACTS_TABLE, connection }),
    paused,
    namespaces: [...new Set([DEFAULT_NAMESPACE, ...environment.PULSE_NAMESPACES])],
    parse: ({ source, format }) => parseSource(source, format),
    maxAgeMs: MAX_AGE_MS,
    now: systemClock.now,
    refuseHost: guard.refuseHost,
    onUnreadable: (key, reason) => log.warn("an artifact is no trigger", { ...key, reason }),
  });
  const journal = new KinesisEventJournal({ streamName: environment.PULSE_EVENTS_STREAM, clock: systemClock });
  return { guard, paused, catalog, journal, publish: publishTo(journal), now: systemClock.now };
}

/**
 * Publishes what is to be known of triggers. What the journal does not take is told by the log: nothing waits for it.
 */
const publishTo =
  (journal: EventJournal) =>
  async (events: readonly Event[]): Promise<void> => {
    try {
      const outcomes = await journal.append(events);
      const lost = outcomes.filter((outcome) => "notTaken" in outcome).length;
      if (lost > 0) log.warn("events about triggers were not taken", { lost });
    } catch (error) {
      if (!(error instanceof PulseError)) throw error;
      log.warn("events about triggers were not taken", { lost: events.length, reason: error.message });
    }
  };
