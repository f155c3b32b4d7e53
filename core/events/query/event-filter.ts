import type { Event } from "#core/events/event.ts";
import { declaredScalars } from "#core/events/types/declared-members.ts";
import {
  DEFAULT_EVENT_TYPES,
  declarationOf,
  type EventTypeDeclaration,
  type FieldKind,
  HAPROXY_EVENT_TYPE,
} from "#core/events/types/event-types.ts";

/**
 * A condition on a declared field of the value: one of some exact values, or a numeric range (its bounds are ANDed).
 */
export type FieldCondition =
  | { readonly field: string; readonly oneOf: readonly (string | number | boolean)[] }
  | {
      readonly field: string;
      readonly gte?: number;
      readonly gt?: number;
      readonly lt?: number;
      readonly lte?: number;
    };

/** Which events are meant, whatever their time. Tags are exact and case-sensitive. */
export interface EventFilter {
  readonly namespace: string;
  /** All of them must be on the event. */
  readonly tags: readonly string[];
  /** If not empty, at least one of them must be. */
  readonly any: readonly string[];
  /** None of them may be. */
  readonly none: readonly string[];
  /** Any of them; empty means every type but `haproxy`. */
  readonly types: readonly string[];
  readonly conditions: readonly FieldCondition[];
}

export const everyEvent = (namespace: string): EventFilter => ({
  namespace,
  tags: [],
  any: [],
  none: [],
  types: [],
  conditions: [],
});

/**
 * Whether the event is meant, given what is declared of types. The one definition that every engine must agree with.
 */
export function matches(
  filter: EventFilter,
  event: Event,
  declared: readonly EventTypeDeclaration[] = DEFAULT_EVENT_TYPES,
): boolean {
  if (event.namespace !== filter.namespace) return false;
  if (filter.types.length === 0 ? event.type.toLowerCase() === HAPROXY_EVENT_TYPE : !filter.types.includes(event.type))
    return false;
  if (!filter.tags.every((tag) => event.tags.includes(tag))) return false;
  if (filter.any.length > 0 && !filter.any.some((tag) => event.tags.includes(tag))) return false;
  if (filter.none.some((tag) => event.tags.includes(tag))) return false;
  return (
    filter.conditions.length === 0 || meetsConditions(filter.conditions, event, declarationOf(event.type, declared))
  );
}

/** Whether the declared fields meet all conditions; of a field that has several values, any may. */
function meetsConditions(
  conditions: readonly FieldCondition[],
  { value }: Event,
  { fields }: EventTypeDeclaration,
): boolean {
  if (fields === undefined || !value?.startsWith("{")) return false;
  const members = JSON.parse(value) as Record<string, unknown>;
  return conditions.every((condition) => {
    const { field } = condition;
    if (!Object.hasOwn(fields, field)) return false;
    return declaredScalars(members, field, fields[field] as FieldKind).some((held) => meets(condition, held));
  });
}

function meets(condition: FieldCondition, held: string | number | boolean): boolean {
  if ("oneOf" in condition) return condition.oneOf.includes(held);
  if (typeof held !== "number") return false;
  const { gte = Number.NEGATIVE_INFINITY, lte = Number.POSITIVE_INFINITY, gt, lt } = condition;
  return held >= gte && held <= lte && (gt === undefined || held > gt) && (lt === undefined || held < lt);
}
