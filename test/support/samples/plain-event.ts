import type { Event } from "#core/events/event.ts";
import { WrittenEvent } from "#core/events/written-event.ts";

/** The event with all its members its own, to be compared: a written one makes its texts when they are asked for. */
export const plainEvent = (event: Event): Event => (event instanceof WrittenEvent ? event.toJSON() : event);
