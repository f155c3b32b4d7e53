import { HAPROXY_FIELDS } from "#core/haproxy/fields.ts";

/** How a declared field is kept: exact text, whole number, any number, network address or truth value. */
export type FieldKind = "keyword" | "integer" | "long" | "double" | "ip" | "boolean";

/** What is known of an event type before its first event. */
export interface EventTypeDeclaration {
  readonly name: string;
  /** How much time one index holds. */
  readonly period: "day" | "month";
  readonly retentionDays: number;
  /** Fields of the value that get a typed column of their own; without any, its numbers are kept as leaves. */
  readonly fields?: Readonly<Record<string, FieldKind>>;
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

const EVENT_TYPE = /^[A-Za-z0-9_-]{1,100}$/;
export const isEventType = (name: string): boolean => EVENT_TYPE.test(name);

/** The declaration of a type; a custom one gets what `plain` types have. Names are compared without case, as indices are named. */
export function declarationOf(
  type: string,
  declared: readonly EventTypeDeclaration[] = DEFAULT_EVENT_TYPES,
): EventTypeDeclaration {
  const name = type.toLowerCase();
  return declared.find((declaration) => declaration.name === name) ?? plain(name);
}
