import { DAY_MS } from "#core/events/time/calendar.ts";
import { HAPROXY_EVENT_TYPE, isEventType } from "#core/events/types/event-types.ts";

/** Every index, template and pattern of one store begins with it, so that several can share a cluster. */
export const DEFAULT_PREFIX = "pulse";

/** Where a type's events go, for good: an index of its own or the one it shares, and how much time one index holds. */
export interface TypePlace {
  readonly index: "own" | "shared";
  readonly period: "day" | "month";
}

/** No event type: `~` is in none. */
const SHARED = "~shared";

/** Outside `<prefix>.*`, whose template and searches are for events. */
export const checkpointIndex = (prefix: string): string => `${prefix}_checkpoints`;
export const typeIndex = (prefix: string): string => `${prefix}_types`;

/** Depends on nothing but the event and its type's place, so that a replay finds what it wrote before. */
export function eventIndex(
  prefix: string,
  place: TypePlace,
  event: { readonly type: string; readonly namespace: string; readonly receivedAtMs: number },
): string {
  const period = dayOf(event.receivedAtMs).slice(0, place.period === "day" ? 10 : 7);
  return `${prefix}.${place.index === "own" ? event.type.toLowerCase() : SHARED}.${event.namespace}.${period}`;
}

const INDEX_OF_EVENTS = /\.([^.]+)\.[^.]+\.(\d{4}-\d\d(-\d\d)?)$/;

/**
 * What `eventIndex` made the name of: the type (none that there can be, where types share it) and the period it holds.
 */
export function placeOfIndex(
  index: string,
): { readonly type: string; readonly period: TypePlace["period"]; readonly startMs: number } | undefined {
  const [, type, start, day] = INDEX_OF_EVENTS.exec(index) ?? [];
  if (type === undefined || start === undefined) return undefined;
  const startMs = Date.parse(start);
  return Number.isNaN(startMs) ? undefined : { type, period: day === undefined ? "month" : "day", startMs };
}

let recentDay = { number: 0, text: "1970-01-01" };

/** `yyyy-mm-dd` in UTC. The events of a batch were accepted together. */
function dayOf(ms: number): string {
  const number = Math.floor(ms / DAY_MS);
  if (recentDay.number !== number) recentDay = { number, text: new Date(ms).toISOString().slice(0, 10) };
  return recentDay.text;
}

export const namespacePattern = (prefix: string, namespace: string): string => `${prefix}.*.${namespace}.*`;

const typePattern = (prefix: string, type: string, namespace: string): string =>
  `${prefix}.${type.toLowerCase()}.${namespace}.*`;

/** The pattern that an index belongs to: its name without the period. */
export const patternOf = (index: string): string => `${index.slice(0, index.lastIndexOf("."))}.*`;

/** A request line may have 4096 bytes. */
const MAX_PATTERN_LENGTH = 3000;
/** The same for whole names, which may have 255 bytes each. */
export const INDICES_PER_REQUEST = 12;

/** As few indices as hold the types asked for, as patterns; without types, all but those of `haproxy`. */
export function searchPattern(prefix: string, namespace: string, types: readonly string[]): string {
  const all = namespacePattern(prefix, namespace);
  if (types.length === 0) return `${all},-${typePattern(prefix, HAPROXY_EVENT_TYPE, namespace)}`;
  const names = new Set([...types.filter(isEventType), SHARED]);
  const own = [...names].map((type) => typePattern(prefix, type, namespace)).join(",");
  return own.length > MAX_PATTERN_LENGTH ? all : own;
}
