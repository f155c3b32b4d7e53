import { PulseError } from "#core/errors.ts";
import type { Event } from "#core/events/event.ts";
import type { EventJournal } from "#core/events/event-journal.ts";

/**
 * Makes all of the events durable. Throws `unavailable` where one was not taken: the same events can be appended again.
 */
export async function appendAll(journal: EventJournal, events: readonly Event[]): Promise<void> {
  const appended = await journal.append(events);
  const refused = appended.find((outcome) => "notTaken" in outcome);
  if (refused !== undefined && "notTaken" in refused)
    throw new PulseError("unavailable", `the journal did not take a measurement: ${refused.notTaken}`, {
      retryAfterSeconds: refused.retryAfterSeconds,
    });
}
