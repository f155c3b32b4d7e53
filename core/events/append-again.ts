import { type Clock, sleep } from "#core/clock.ts";
import type { Event } from "#core/events/event.ts";
import type { EventJournal } from "#core/events/event-journal.ts";

const MAX_TRIES = 10;

/**
 * Appends accepted events to a journal once more, under the ids and times that they have, so that no store keeps one
 * twice; what the journal does not take is tried again. Answers why some were not taken in the end, and which.
 */
export async function appendAgain(
  journal: EventJournal,
  events: readonly Event[],
  clock: Clock,
): Promise<{ readonly notTaken: ReadonlySet<Event>; readonly reason: string }> {
  let left = events;
  let reason = "";
  for (let tries = 1; left.length > 0; tries++) {
    const outcomes = await journal.append(left);
    let pauseSeconds = 0;
    left = left.filter((_, index) => {
      const outcome = outcomes[index];
      if (outcome === undefined) throw new Error("the journal answered fewer events than it was given");
      if ("point" in outcome) return false;
      reason = outcome.notTaken;
      pauseSeconds = outcome.retryAfterSeconds;
      return true;
    });
    if (left.length === 0 || tries === MAX_TRIES) break;
    await sleep(clock, pauseSeconds * 1000);
  }
  return { notTaken: new Set(left), reason };
}
