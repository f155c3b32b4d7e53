import type { Event } from "#core/events/event.ts";
import { FURTHEST_MS } from "#core/events/time/calendar.ts";
import { isEventType } from "#core/events/types/event-types.ts";
import { memberText } from "#core/events/values/json-text.ts";
import { isNamespace } from "#core/namespaces.ts";

/*
 * A record of the `events` stream: NDJSON, one event a line, the last line ended too, so that records written one
 * behind the other are a readable file.
 */

/** What a record of any stream of the journal may come to when it is inflated; no line is longer than its record. */
export const MAX_INFLATED_BYTES = 4 * 1024 * 1024;

/** One event as a line of a record, its newline included. The value is spliced in as it stands. */
export function toJournalLine(event: Event): string {
  const value = event.value === undefined ? "" : `,"value":${event.value}`;
  const key = event.key === undefined ? "" : `,"key":${JSON.stringify(event.key)}`;
  const hops = event.hops === undefined ? "" : `,"hops":${event.hops}`;
  return `{"id":"${event.id}","namespace":"${event.namespace}","type":"${event.type}","tags":${JSON.stringify(event.tags)},"timestamp":"${event.timestamp}","timestampMs":${event.timestampMs},"receivedAtMs":${event.receivedAtMs}${key}${hops}${value}}\n`;
}

/** The event of one line. Throws a SyntaxError when the line is not one `toJournalLine` could have written. */
export function fromJournalLine(line: string): Event {
  const parsed = JSON.parse(line) as Event & { value?: string };
  if (!hasEventMembers(parsed)) throw new SyntaxError(`not an event of the journal: ${line.slice(0, 100)}`);
  if ("value" in parsed) parsed.value = memberText(line, "value") as string;
  return parsed;
}

const hasEventMembers = (parsed: Event | null): boolean =>
  isPlainText(parsed?.id) &&
  isPlainText(parsed?.timestamp) &&
  typeof parsed?.namespace === "string" &&
  isNamespace(parsed.namespace) &&
  typeof parsed.type === "string" &&
  isEventType(parsed.type) &&
  isInstant(parsed.timestampMs) &&
  isInstant(parsed.receivedAtMs) &&
  (parsed.hops === undefined || (Number.isInteger(parsed.hops) && parsed.hops > 0)) &&
  Array.isArray(parsed.tags) &&
  parsed.tags.every((tag) => typeof tag === "string");

/** Needs no escapes where it is spliced into other JSON: one bad line must not spoil the bulk that it goes with. */
const PLAIN_TEXT = /^[\w.:+-]{1,100}$/;
const isPlainText = (member: unknown): boolean => typeof member === "string" && PLAIN_TEXT.test(member);

const isInstant = (member: unknown): boolean => typeof member === "number" && Math.abs(member) <= FURTHEST_MS;

/** The lines of a record, without their newlines. */
export const splitRecord = (record: string): string[] => record.split("\n").filter((line) => line !== "");
