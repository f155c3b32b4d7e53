import { hash } from "node:crypto";
import { PulseError } from "#core/errors.ts";
import type { DraftEvent, DraftOutcome } from "#core/events/draft-event.ts";
import type { Event } from "#core/events/event.ts";
import type { Appended, EventJournal, JournalPoint } from "#core/events/event-journal.ts";
import type { IdempotencyKeys } from "#core/events/idempotency-keys.ts";
import { parseTimestamp } from "#core/events/time/timestamps.ts";
import { uuidV7 } from "#core/uuid.ts";

/** Where accepted events go, and what remembers retries. */
export interface EventIntake {
  readonly journal: EventJournal;
  readonly keys: IdempotencyKeys;
  readonly now: () => number;
  /** Ids of events accepted at that time. @default uuidV7 */
  readonly newId?: (nowMs: number) => string;
}

/** What the request says of all its events. */
export interface CreateOptions {
  readonly namespace: string;
  /** `Pulse-Key`; a draft's own key comes first. */
  readonly key?: string;
  /** `Idempotency-Key`; each event of a batch is known by its place. */
  readonly idempotencyKey?: string;
  /** How many deliveries of triggers led to this request. @default 0 */
  readonly hops?: number;
}

/** One item: accepted and durable at its point, or why not. */
export type CreateOutcome = { readonly event: Event; readonly point: JournalPoint } | { readonly refused: PulseError };

/**
 * Gives each draft its id and time and puts it into the journal; answers per draft, in order. A retry under the same
 * idempotency key gives the event of the first try, and a different body under it is refused.
 */
export async function createEvents(
  drafts: readonly DraftOutcome[],
  options: CreateOptions,
  intake: EventIntake,
): Promise<CreateOutcome[]> {
  const accepted = await acceptDrafts(drafts, options, intake);
  const events = accepted.flatMap((outcome) => ("event" in outcome ? [outcome.event] : []));
  const appended = await intake.journal.append(events);
  let next = 0;
  return accepted.map((outcome) =>
    "event" in outcome ? settle(outcome.event, appended[next++] as Appended) : outcome,
  );
}

const settle = (event: Event, appended: Appended): CreateOutcome =>
  "point" in appended
    ? { event, point: appended.point }
    : {
        refused: new PulseError("unavailable", `the journal did not take the event: ${appended.notTaken}`, {
          retryAfterSeconds: appended.retryAfterSeconds,
        }),
      };

type Accepted = { readonly event: Event } | { readonly refused: PulseError };

async function acceptDrafts(
  drafts: readonly DraftOutcome[],
  options: CreateOptions,
  { keys, now, newId = uuidV7 }: EventIntake,
): Promise<Accepted[]> {
  const receivedAtMs = now();
  const tries = drafts.map((outcome, index) => {
    if ("refused" in outcome) return outcome;
    const { draft } = outcome;
    const idempotencyKey = idempotencyKeyOf(draft, index, options);
    const first = { id: newId(receivedAtMs), receivedAtMs };
    if (idempotencyKey === undefined) return { draft, first };
    const claim = { namespace: options.namespace, key: idempotencyKey, digest: digestOf(draft, options), ...first };
    return { draft, first, claim };
  });
  const claims = tries.flatMap((one) => ("claim" in one ? [one.claim] : []));
  const remembered = claims.length === 0 ? [] : await keys.claim(claims);
  let next = 0;
  return tries.map((one) => {
    if ("refused" in one) return one;
    if (!("claim" in one)) return { event: toEvent(one.draft, options, one.first) };
    const first = remembered[next++];
    if (first === undefined) throw new Error("the idempotency keys answered fewer claims than were made");
    if (first.digest === one.claim.digest) return { event: toEvent(one.draft, options, first) };
    return {
      refused: new PulseError(
        "key-reused",
        "the same idempotency key, or CloudEvent source and id, was used with another body in the last 24 hours",
      ),
    };
  });
}

function idempotencyKeyOf(draft: DraftEvent, index: number, { idempotencyKey }: CreateOptions): string | undefined {
  if (idempotencyKey !== undefined) return `key:${index}:${idempotencyKey}`;
  return draft.identity === undefined ? undefined : `cloudevent:${draft.identity}`;
}

/** Of all that the caller decides: two requests of one digest ask for the same event. */
const digestOf = (draft: DraftEvent, options: CreateOptions): string =>
  hash(
    "sha256",
    JSON.stringify([draft.type, draft.tags, draft.value, draft.timestamp, draft.key ?? options.key]),
    "base64url",
  );

function toEvent(
  draft: DraftEvent,
  options: CreateOptions,
  first: { readonly id: string; readonly receivedAtMs: number },
): Event {
  const timestamp = draft.timestamp ?? new Date(first.receivedAtMs).toISOString();
  const key = draft.key ?? options.key;
  const { hops = 0 } = options;
  return {
    id: first.id,
    namespace: options.namespace,
    type: draft.type,
    tags: draft.tags,
    ...(draft.value === undefined ? {} : { value: draft.value }),
    timestamp,
    timestampMs: draft.timestamp === undefined ? first.receivedAtMs : (parseTimestamp(timestamp) as number),
    receivedAtMs: first.receivedAtMs,
    ...(key === undefined ? {} : { key }),
    ...(hops === 0 ? {} : { hops }),
  };
}
