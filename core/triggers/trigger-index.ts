import type { Event } from "#core/events/event.ts";
import { HAPROXY_EVENT_TYPE } from "#core/events/types/event-types.ts";
import type { Trigger } from "#core/triggers/trigger.ts";

/** Which triggers an event starts. */
export interface TriggerIndex {
  readonly size: number;
  match(event: Event): readonly Trigger[];
}

type Shelf = Map<string, Trigger[]>;

/** The shelves of a namespace. */
interface Shelves {
  readonly byTag: Shelf;
  readonly byType: Shelf;
}

const NONE: readonly Trigger[] = [];

/**
 * Files each trigger once: under the rarest of its tags, or under its type where that is rarer still.
 * An event looks up its own tags and its type, so what it costs depends on the triggers that share
 * its rarest traits, not on all there are.
 */
export function indexTriggers(triggers: readonly Trigger[]): TriggerIndex {
  const namespaces = new Map<string, Shelves>();
  for (const [namespace, some] of groupedBy(triggers, (trigger) => trigger.namespace))
    namespaces.set(namespace, fileTriggers(some));
  return {
    size: triggers.length,
    match(event) {
      const shelves = namespaces.get(event.namespace);
      if (shelves === undefined) return NONE;
      const matching: Trigger[] = [];
      collect(shelves.byType.get(event.type), event, matching);
      for (const tag of event.tags) collect(shelves.byTag.get(tag), event, matching);
      return matching;
    },
  };
}

function fileTriggers(triggers: readonly Trigger[]): Shelves {
  const tagUse = countedBy(triggers, ({ tags }) => tags);
  const typeUse = countedBy(triggers, ({ type }) => (type === undefined ? [] : [type]));
  const shelves: Shelves = { byTag: new Map(), byType: new Map() };
  for (const trigger of triggers) {
    const { tags, type } = trigger;
    let rarest: string | undefined;
    let use = type === undefined ? Number.POSITIVE_INFINITY : (typeUse.get(type) as number);
    for (const tag of tags) {
      const uses = tagUse.get(tag) as number;
      if (uses >= use) continue;
      rarest = tag;
      use = uses;
    }
    if (rarest !== undefined) file(shelves.byTag, rarest, trigger);
    else if (type !== undefined) file(shelves.byType, type, trigger);
    else throw new Error(`the trigger ${trigger.name} names neither a tag nor a type`);
  }
  return shelves;
}

/** Nearly all that lies on a shelf matches: the rarest trait is looked up, and the rest compared. */
function collect(shelf: readonly Trigger[] | undefined, event: Event, matching: Trigger[]): void {
  if (shelf === undefined) return;
  for (const trigger of shelf) if (isStartedBy(trigger, event)) matching.push(trigger);
}

/** As a query finds events: every tag is on it, and the type is the same; without a type, any but `haproxy`. */
function isStartedBy({ tags, type }: Trigger, event: Event): boolean {
  if (type === undefined ? event.type.toLowerCase() === HAPROXY_EVENT_TYPE : type !== event.type) return false;
  for (const tag of tags) if (!event.tags.includes(tag)) return false;
  return true;
}

function file(shelf: Shelf, trait: string, trigger: Trigger): void {
  const held = shelf.get(trait);
  if (held === undefined) shelf.set(trait, [trigger]);
  else held.push(trigger);
}

function groupedBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}

/** How many items have each trait; one that is named twice by an item counts once. */
function countedBy<Item>(items: readonly Item[], traitsOf: (item: Item) => readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items)
    for (const trait of new Set(traitsOf(item))) counts.set(trait, (counts.get(trait) ?? 0) + 1);
  return counts;
}
