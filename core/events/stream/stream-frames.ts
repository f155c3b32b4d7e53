import { type Event, toEventJson } from "#core/events/event.ts";

/*
 * Frames of a stream (WHATWG HTML, section 9.2 "server-sent events"). Names of control
 * frames hold a dot, which no event type can.
 */

/** How long a client waits before it connects again. */
const RETRY_MS = 1000;

/** EventSource fires these itself, so an event of such a type is sent without a name. */
const RESERVED_NAMES = new Set(["error", "open", "message"]);

/** How long it waits where the store cannot be read: it may take minutes, and others wait too. */
const LATER_MS = 5000;

/** Nothing but when to come back: the client keeps the position that it has. */
export const comeBackFrame = (): string => `: the store cannot be read right now\nretry: ${LATER_MS}\n\n`;

/** An event, and the position right behind it. */
export function eventFrame(event: Event, positionText: string, named: boolean): string {
  const name = named && !RESERVED_NAMES.has(event.type) ? `event: ${event.type}\n` : "";
  return `id: ${positionText}\n${name}data: ${toEventJson(event)}\n\n`;
}

const controlFrame = (name: string, positionText: string, data: string): string =>
  `retry: ${RETRY_MS}\nevent: ${name}\nid: ${positionText}\ndata: ${data}\n\n`;

/**
 * Where the stream is, for a client that may have seen no event. Shaped like an event without tags, for old readers.
 */
export const positionFrame = (positionText: string, caughtUp: boolean): string =>
  controlFrame("pulse.position", positionText, caughtUp ? '{"tags":[],"caughtUp":true}' : '{"tags":[]}');

/**
 * The position that was asked for cannot be honoured: why (a problem document), and where the stream begins instead.
 */
export const resetFrame = (positionText: string, problem: string): string =>
  controlFrame("pulse.reset", positionText, problem);
