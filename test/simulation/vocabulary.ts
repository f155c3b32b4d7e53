import { type EventFilter, everyEvent } from "#core/events/query/event-filter.ts";
import type { Random } from "#test/support/random.ts";

/** Two of the types differ in case only, and share an index. */
export const EVENT_TYPES = ["event", "health", "deploy", "Deploy", "build", "haproxy"] as const;
export const NAMESPACES = ["default", "team-a"] as const;
export const TAGS = ["a", "b", "c:1"] as const;

/** What a reader may ask for. */
export function drawFilter(random: Random): EventFilter {
  const all = everyEvent(random.chance(0.8) ? "default" : "team-a");
  switch (random.integer(0, 4)) {
    case 0:
      return { ...all, tags: [random.oneOf(TAGS)] };
    case 1:
      return { ...all, types: random.someOf(EVENT_TYPES, 3) };
    case 2:
      return { ...all, tags: ["a"], types: ["haproxy", "event"] };
    default:
      return all;
  }
}
