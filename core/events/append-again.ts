import { type Clock, sleep } from "#core/clock.ts";
import type { Appended } from "#core/events/event-journal.ts";

const MAX_TRIES = 10;

/** A stream of the journal, whatever it takes. */
export interface Journal<Item> {
  append(items: readonly Item[]): Promise<readonly Appended[]>;
}

/**
 * Appends to a journal once more what was accepted before, under the ids and times that it has, so that no store keeps
 * it twice; what the journal does not take is tried again. Answers why some was not taken in the end, and which.
 */
export async function appendAgain<Item>(
  journal: Journal<Item>,
  items: readonly Item[],
  clock: Clock,
): Promise<{ readonly notTaken: ReadonlySet<Item>; readonly reason: string }> {
  let left = items;
  let reason = "";
  for (let tries = 1; left.length > 0; tries++) {
    const outcomes = await journal.append(left);
    let pauseSeconds = 0;
    left = left.filter((_, index) => {
      const outcome = outcomes[index];
      if (outcome === undefined) throw new Error("the journal answered fewer items than it was given");
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
