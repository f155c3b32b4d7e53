import { HAPROXY_FIELDS } from "#core/haproxy/logs/fields.ts";

export const FIELD_KINDS = ["keyword", "integer", "long", "double", "boolean"] as const;

/** How a declared field is kept: exact text, whole number, any number or truth value. */
export type FieldKind = (typeof FIELD_KINDS)[number];

/** The declared fields of a type by their names. */
export type DeclaredFields = Readonly<Record<string, FieldKind>>;

/** What is known of an event type before its first event. */
export interface EventTypeDeclaration {
  readonly name: string;
  /** How much time one index holds. */
  readonly period: "day" | "month";
  readonly retentionDays: number;
  /** Fields of the value that get a typed column of their own; without any, its numbers are kept as leaves. */
  readonly fields?: DeclaredFields;
}

const THIRTEEN_MONTHS_DAYS = 396;

const plain = (name: string): EventTypeDeclaration => ({
  name,
  period: "month",
  retentionDays: THIRTEEN_MONTHS_DAYS,
});

/** The type of an event that names none. */
export const DEFAULT_EVENT_TYPE = "event";
/** Gateway logs arrive in masses: they are listed and streamed only when their type is asked for. */
export const HAPROXY_EVENT_TYPE = "haproxy";

/** The types every deployment declares. Any other is a custom type, usable at once. */
export const DEFAULT_EVENT_TYPES: readonly EventTypeDeclaration[] = [
  plain("archive"),
  plain("synchronization"),
  plain(DEFAULT_EVENT_TYPE),
  plain("health"),
  plain("metrics"),
  plain("workflow"),
  plain("allocation"),
  { name: HAPROXY_EVENT_TYPE, period: "day", retentionDays: 30, fields: HAPROXY_FIELDS },
];

/** All that is declared in a deployment: types of its own, and the default ones that it does not declare anew. */
export const withDefaultTypes = (own: readonly EventTypeDeclaration[]): readonly EventTypeDeclaration[] => [
  ...own,
  ...DEFAULT_EVENT_TYPES.filter(({ name }) => !own.some((type) => type.name === name)),
];

const EVENT_TYPE = /^[A-Za-z0-9_-]{1,100}$/;
export const isEventType = (name: string): boolean => EVENT_TYPE.test(name);

/**
 * The declaration of a type; a custom one gets what `plain` types have. Names are
 * compared without case, as indices are named.
 */
export function declarationOf(
  type: string,
  declared: readonly EventTypeDeclaration[] = DEFAULT_EVENT_TYPES,
): EventTypeDeclaration {
  const name = type.toLowerCase();
  return declared.find((declaration) => declaration.name === name) ?? plain(name);
}

/** A term of an index may have 32,766 bytes, and a character up to four. */
export const MAX_KEYWORD_CHARACTERS = 8191;

/** Whether ranges can be asked of the field. */
export const isNumeric = (kind: FieldKind): boolean => kind === "integer" || kind === "long" || kind === "double";

/**
 * Whether a declared field of this kind holds the value, which is never converted: what it does not hold is in no
 * group, no sum, and meets no condition. Whole numbers end where a double no longer tells neighbours apart.
 */
export function isOfKind(kind: FieldKind, value: unknown): value is string | number | boolean {
  switch (kind) {
    case "keyword":
      return typeof value === "string" && value.length <= MAX_KEYWORD_CHARACTERS;
    case "boolean":
      return typeof value === "boolean";
    case "double":
      return Number.isFinite(value);
    case "integer":
    case "long":
      return Number.isSafeInteger(value);
  }
}

/** What a declared field holds of a member of the value: of an array, each element of its kind. */
export const scalarsOf = (kind: FieldKind, member: unknown): (string | number | boolean)[] =>
  (Array.isArray(member) ? member : [member]).filter((one) => isOfKind(kind, one));
