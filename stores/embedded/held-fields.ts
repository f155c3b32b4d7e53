import { declaredMembers } from "#core/events/types/declared-members.ts";
import { type DeclaredFields, type FieldKind, scalarsOf } from "#core/events/types/event-types.ts";
import { valueNumbers } from "#core/events/values/value-numbers.ts";

/** A field's value as SQLite keeps it: truth values are blobs, so that they equal no number and no text. */
export type Held = string | number | Uint8Array;

/** One value of one field of an event; a field may have several. */
export interface HeldField {
  readonly path: string;
  readonly held: Held;
  /** Its place among the event's values of this path. */
  readonly place: number;
  /** Whether an earlier place holds the same: such a one makes no further group. */
  readonly repeated: boolean;
}

export interface HeldValue {
  readonly number: number | null;
  readonly fields: readonly HeldField[];
}

const FALSE = Uint8Array.of(0);
const TRUE = Uint8Array.of(1);

export function toHeld(scalar: string | number | boolean): Held {
  if (typeof scalar === "boolean") return scalar ? TRUE : FALSE;
  return scalar;
}

export function fromHeld(held: Held): string | number | boolean {
  return held instanceof Uint8Array ? held[0] === 1 : held;
}

const NOTHING: HeldValue = { number: null, fields: [] };

/** What can be asked of a value besides its text; nothing where it is no JSON. */
export function heldValue(value: string | undefined, declared: DeclaredFields | undefined): HeldValue {
  try {
    const { number = null, leaves } = valueNumbers(value);
    const scalars = declared && declaredScalars(value, declared);
    return { number, fields: placed(scalars ?? leaves.map((leaf) => [leaf.path, leaf.number])) };
  } catch (error) {
    if (error instanceof SyntaxError) return NOTHING;
    throw error;
  }
}

function declaredScalars(value: string | undefined, declared: DeclaredFields): [string, Held][] {
  if (value?.charCodeAt(0) !== 0x7b) return [];
  const members = JSON.parse(value) as Record<string, unknown>;
  const scalars: [string, Held][] = [];
  for (const [name, member] of declaredMembers(members, declared)) {
    for (const scalar of scalarsOf(declared[name] as FieldKind, member)) scalars.push([name, toHeld(scalar)]);
  }
  return scalars;
}

/** In one pass: an array may be as long as an event. */
function placed(scalars: readonly (readonly [string, Held])[]): readonly HeldField[] {
  if (scalars.length === 0) return NOTHING.fields;
  const paths = new Map<string, { count: number; readonly held: Set<Held> }>();
  return scalars.map(([path, held]) => {
    let earlier = paths.get(path);
    if (earlier === undefined) {
      earlier = { count: 0, held: new Set() };
      paths.set(path, earlier);
    }
    const repeated = earlier.held.has(held);
    earlier.held.add(held);
    return { path, held, place: earlier.count++, repeated };
  });
}
