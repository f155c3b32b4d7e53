import type { Fault } from "#core/errors.ts";
import type { EventTypeDeclaration } from "#core/events/types/event-types.ts";
import { DEFAULT_EVENT_TYPES } from "#core/events/types/event-types.ts";
import { quote, toPointer } from "#core/faults.ts";

/** What is known of a type, declared or not, when its declaration is to change. */
export interface TypeStanding {
  /** What the deployment declares of it, if it does: this is not changed from within. */
  readonly deployed?: EventTypeDeclaration | undefined;
  /** What is in force, that of the deployment included. */
  readonly inForce?: EventTypeDeclaration | undefined;
  /** Where its events are, if there ever was one. */
  readonly events?: TypeEvents | undefined;
}

export interface TypeEvents {
  readonly period: EventTypeDeclaration["period"];
  /** Whether other types, too, are in its indices: it came undeclared, and after too many others. */
  readonly shared: boolean;
}

/**
 * Why a type must not be declared so; nothing where it may. Fields may be added and the retention may
 * change. What events were kept by stays: the period (and so the index) of the first, and each field with
 * its kind. Without any event all may change.
 */
export function faultsOfChange(
  wanted: EventTypeDeclaration,
  { deployed, inForce, events }: TypeStanding,
): readonly Fault[] {
  const faults: Fault[] = [];
  if (events?.shared) faults.push({ pointer: "", detail: SHARED });
  if (events !== undefined && wanted.period !== events.period) {
    const detail = `must stay ${quote(events.period)}: the type has events, which lie in indices of a ${events.period} each`;
    faults.push({ pointer: "/period", detail });
  }
  return [
    ...faults,
    ...deployedFaults(wanted, deployed),
    ...(events === undefined ? [] : fieldFaults(wanted, inForce, deployed)),
  ];
}

const SHARED =
  "the type was used before it was declared, and its events share an index with those of other types; use another name";

/** The deployment's fields stay as they are; a default type has no others. */
function deployedFaults(
  { name, fields = {} }: EventTypeDeclaration,
  deployed: EventTypeDeclaration | undefined,
): Fault[] {
  if (deployed === undefined) return [];
  const isDefault = DEFAULT_EVENT_TYPES.some((type) => type.name === name);
  const own = deployed.fields ?? {};
  return Object.entries(fields).flatMap(([field, kind]) => {
    const pointer = toPointer(["fields", field]);
    if (Object.hasOwn(own, field))
      return own[field] === kind ? [] : [{ pointer, detail: `must be ${own[field]}, as the deployment declares it` }];
    return isDefault ? [{ pointer, detail: `is not a field of ${quote(name)}, a type that every deployment has` }] : [];
  });
}

/** Fields that the deployment declares need not be said again. */
function fieldFaults(
  { fields = {} }: EventTypeDeclaration,
  inForce: EventTypeDeclaration | undefined,
  deployed: EventTypeDeclaration | undefined,
): Fault[] {
  return Object.entries(inForce?.fields ?? {}).flatMap(([field, kind]) => {
    const pointer = toPointer(["fields", field]);
    if (Object.hasOwn(deployed?.fields ?? {}, field)) return [];
    if (!Object.hasOwn(fields, field)) return [{ pointer, detail: "must not be removed: the type has events" }];
    return fields[field] === kind ? [] : [{ pointer, detail: `must stay ${kind}: the type has events` }];
  });
}

/**
 * What is in force of one type: the period and the retention that were declared while Pulse ran, and the fields of
 * both, of which the deployment's come first.
 */
export function together(
  deployed: EventTypeDeclaration | undefined,
  declared: EventTypeDeclaration | undefined,
): EventTypeDeclaration | undefined {
  if (deployed === undefined || declared === undefined) return declared ?? deployed;
  const fields = { ...declared.fields, ...deployed.fields };
  return { ...declared, ...(Object.keys(fields).length > 0 && { fields }) };
}

/** All that is in force: what the deployment declares, and what was declared while it ran. */
export const allTogether = (
  deployed: readonly EventTypeDeclaration[],
  declared: readonly EventTypeDeclaration[],
): readonly EventTypeDeclaration[] => {
  const own = new Map(declared.map((type) => [type.name, type]));
  const known = deployed.map((type) => together(type, own.get(type.name)) ?? type);
  return [...known, ...declared.filter(({ name }) => !deployed.some((type) => type.name === name))];
};
