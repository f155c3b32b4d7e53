import type { DeclaredFields, FieldKind } from "#core/events/types/event-types.ts";

/** What a member is: one text or several, a whole number that a double holds exactly, any number, or something else. */
export type MemberKind = "text" | "texts" | "integer" | "number" | "boolean" | "other";

/** The members of an object by their names. */
export type MemberKinds = Readonly<Record<string, MemberKind>>;

/**
 * Which members a field of each kind takes as they are. A text that is too long for its
 * column is left out by the column itself.
 */
const HELD: Readonly<Record<FieldKind, readonly MemberKind[]>> = {
  keyword: ["text", "texts"],
  integer: ["integer"],
  long: ["integer"],
  double: ["integer", "number"],
  boolean: ["boolean"],
};

/**
 * What its maker knows of a value: it is an object with these members at the top, it is not deep, and whoever parses
 * and prints it gets the same text again. A store need not keep such a value as text beside its fields.
 */
export class ValueShape {
  readonly members: MemberKinds;
  #asked: DeclaredFields | undefined;
  #fits = false;

  constructor(members: MemberKinds) {
    this.members = members;
  }

  /** Whether each declared field that the value has is of its kind. */
  fits(fields: DeclaredFields): boolean {
    if (this.#asked === fields) return this.#fits;
    this.#asked = fields;
    this.#fits = true;
    for (const name in this.members) {
      if (!Object.hasOwn(fields, name)) continue;
      this.#fits &&= HELD[fields[name] as FieldKind].includes(this.members[name] as MemberKind);
    }
    return this.#fits;
  }
}
