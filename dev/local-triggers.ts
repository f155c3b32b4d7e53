import type { Artifact } from "#core/artifacts/artifact.ts";
import type { ArtifactStore } from "#core/artifacts/artifact-store.ts";
import type { Clock } from "#core/clock.ts";
import type { Event } from "#core/events/event.ts";
import { DAY_MS } from "#core/events/time/calendar.ts";
import { DEFAULT_NAMESPACE } from "#core/namespaces.ts";
import { attemptDelivery } from "#core/triggers/attempt-delivery.ts";
import { publishTicks } from "#core/triggers/publish-ticks.ts";
import { RateLimits } from "#core/triggers/rate-limits.ts";
import { TRIGGER_KINDS, type Trigger } from "#core/triggers/trigger.ts";
import { TriggerCatalog } from "#core/triggers/trigger-catalog.ts";
import { missingTarget } from "#core/triggers/trigger-target.ts";
import { consumeJournal } from "#dev/journal-consumer.ts";
import { deliverLocally } from "#dev/local-deliveries.ts";
import { webhookTarget } from "#functions/deliver-webhooks/webhook-target.ts";
import { runTriggersHandler } from "#functions/run-triggers/run-triggers.ts";
import { log } from "#functions/shared/log.ts";
import { type EgressGuard, egressGuard } from "#functions/shared/triggers/egress-guard.ts";
import { openFollowedPlace } from "#journals/local/followed-place.ts";
import { LocalDeliveryQueue } from "#journals/local/local-delivery-queue.ts";
import type { LocalEventJournal } from "#journals/local/local-event-journal.ts";
import type { EmbeddedDatabase } from "#stores/embedded/database.ts";
import { EmbeddedPausedTriggers } from "#stores/embedded/embedded-paused-triggers.ts";

export interface LocalTriggersOptions {
  readonly database: EmbeddedDatabase;
  readonly journal: LocalEventJournal;
  readonly artifacts: Pick<ArtifactStore, "find" | "list">;
  readonly parse: (artifact: Artifact) => Promise<unknown>;
  /** Declared besides `default`. */
  readonly namespaces: readonly string[];
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
  /** @default LOCAL_EGRESS */
  readonly guard?: EgressGuard;
}

export interface LocalTriggers {
  /** Forgets dead deliveries that are as old as they become on AWS, and pauses of versions that are no more. */
  tidy(): Promise<void>;
  close(): Promise<void>;
}

/** The local server's webhooks may go to its own machine too, as what is tried out does. */
export const LOCAL_EGRESS = egressGuard({ allowsLoopback: true });

const ONLY_WEBHOOKS =
  "the local server delivers to webhooks only: a bus or a function of AWS needs Pulse to be deployed there";

/** Why a trigger cannot go there from here. */
export const refuseLocalTarget = ({ target }: Trigger): string | undefined =>
  "webhook" in target ? undefined : ONLY_WEBHOOKS;

/** The journal tells of changes; reading the triggers again this often finds what it does not tell. */
const MAX_AGE_MS = 60_000;
const REMEMBER_EVERY_MS = 1000;
const TICK_LOOK_MS = 500;
/** The retention of the queue that has them on AWS. */
const DEAD_LIFETIME_MS = 14 * DAY_MS;

/** Runs triggers in this process: from the journal through the queue in the data folder to their receivers. */
export function startLocalTriggers(options: LocalTriggersOptions): LocalTriggers {
  const { database, journal, namespaces, clock, onError, guard = LOCAL_EGRESS } = options;
  const ending = new AbortController();
  const paused = new EmbeddedPausedTriggers(database);
  const catalog = new TriggerCatalog({
    artifacts: options.artifacts,
    paused,
    namespaces: [DEFAULT_NAMESPACE, ...namespaces],
    parse: options.parse,
    maxAgeMs: MAX_AGE_MS,
    now: clock.now,
    refuseHost: guard.refuseHost,
    onUnreadable: (key, reason) => log.warn("an artifact is no trigger", { ...key, reason }),
  });
  const queue = new LocalDeliveryQueue({ database, now: clock.now });
  const publish = async (events: readonly Event[]) => {
    if (ending.signal.aborted) return;
    for (const outcome of await journal.append(events))
      if ("notTaken" in outcome) onError(new Error(`an event about triggers was not taken: ${outcome.notTaken}`));
  };
  const targets = {
    webhook: webhookTarget({ guard, clock, signal: ending.signal }),
    eventBus: missingTarget(ONLY_WEBHOOKS),
    lambda: missingTarget(ONLY_WEBHOOKS),
  };
  const deliveries = deliverLocally({
    queue,
    attempt: (delivery, attempt) =>
      attemptDelivery(delivery, attempt, { catalog, targets, paused, publish, now: clock.now }),
    clock,
    onError,
  });
  const place = openFollowedPlace(database, "triggers", () => journal.lastSequenceNumber());
  let done = place.sequenceNumber;
  const remember = () => place.remember(done);
  const remembering = repeat(clock, REMEMBER_EVERY_MS, remember, onError);
  const run = runTriggersHandler({ catalog, limits: new RateLimits(), queue, publish, now: clock.now });
  const consumer = consumeJournal({
    journal,
    handler: async (batch) => ((await declaresAny(options)) ? run(batch) : { batchItemFailures: [] }),
    clock,
    after: place.sequenceNumber,
    onProgress: (upTo) => {
      done = upTo;
    },
    onError,
  });
  let tickedMs = clock.now();
  const ticking = repeat(
    clock,
    TICK_LOOK_MS,
    async () => {
      const upToMs = clock.now();
      await publishTicks({ catalog, publish, afterMs: tickedMs, upToMs });
      tickedMs = upToMs; // not before: ticks of a round that fails belong to the next
    },
    onError,
  );
  return {
    async tidy() {
      queue.forgetDead(clock.now() - DEAD_LIFETIME_MS);
      await forgetPauses(paused, options.artifacts);
      catalog.forget(); // what it read of before is not to be taken for what is not paused
    },
    async close() {
      ticking();
      remembering();
      deliveries.close();
      ending.abort();
      await consumer.close();
      remember();
    },
  };
}

/** A pause is of one version: it means nothing once its artifact has another, and versions only grow. */
async function forgetPauses(paused: EmbeddedPausedTriggers, artifacts: Pick<ArtifactStore, "find">): Promise<void> {
  for (const pause of await paused.list())
    if ((await artifacts.find(pause))?.version !== pause.version) paused.forget(pause);
}

/**
 * Where nothing is declared no event need be read, a fifth of what it costs to
 * take one; a declaration comes with its own.
 */
async function declaresAny({ artifacts, namespaces }: LocalTriggersOptions): Promise<boolean> {
  for (const namespace of [DEFAULT_NAMESPACE, ...namespaces])
    for (const kind of TRIGGER_KINDS)
      if ((await artifacts.list(namespace, kind, { limit: 1 })).artifacts.length > 0) return true;
  return false;
}

/** Does it again and again, with a pause in between, until the answer is called. */
function repeat(clock: Clock, everyMs: number, action: () => unknown, onError: (error: unknown) => void): () => void {
  let cancel = () => {};
  let ended = false;
  const next = () => {
    cancel = clock.after(everyMs, async () => {
      try {
        await action();
      } catch (error) {
        if (!ended) onError(error);
      }
      if (!ended) next();
    });
  };
  next();
  return () => {
    ended = true;
    cancel();
  };
}
