import { type Fault, invalidInput } from "#core/errors.ts";
import { type EventTypeDeclaration, FIELD_KINDS, isEventType } from "#core/events/types/event-types.ts";
import { quote, toFaults, toPointer } from "#core/faults.ts";
import { isRecord } from "#core/json.ts";
import { once } from "#core/once.ts";
import * as z from "#core/zod.ts";

/** Each is a column of every index of the type. */
const MAX_DECLARED_FIELDS = 200;
const MAX_FIELD_CHARACTERS = 200;
const MAX_RETENTION_DAYS = 36_500;

/**
 * A member of the value, or by a path with dots one of an object in it; nothing that a query language gives a meaning.
 */
const FIELD = /^[\p{L}\p{N}_@$:/-]+(\.[\p{L}\p{N}_@$:/-]+)*$/u;

const oneOf = <const Words extends readonly string[]>(words: Words) =>
  z.enum(words, {
    error: (issue) =>
      issue.input === undefined
        ? `is missing: ${listed(words)}`
        : `must be ${listed(words)}, not ${quote(issue.input)}`,
  });

const listed = (words: readonly string[]): string => `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;

const wholeDays = `must be a whole number of days, 1 to ${MAX_RETENTION_DAYS}`;

/** What the source of an `event-types` artifact says. */
const typeDeclarationSchema = once(() =>
  z
    .strictObject(
      {
        name: z.optional(z.string({ error: (issue) => `must be a string, not ${quote(issue.input)}` })),
        period: oneOf(["day", "month"]),
        retentionDays: z
          .int({
            error: (issue) =>
              issue.input === undefined
                ? "is missing: for how many days events are kept"
                : `${wholeDays}, not ${quote(issue.input)}`,
          })
          .check(z.minimum(1, wholeDays), z.maximum(MAX_RETENTION_DAYS, wholeDays)),
        fields: z.optional(
          z.record(z.string(), oneOf(FIELD_KINDS), {
            error: (issue) => `must be an object of names and kinds, not ${quote(issue.input)}`,
          }),
        ),
      },
      {
        error: (issue) => (issue.code === "invalid_type" ? `must be an object, not ${quote(issue.input)}` : undefined),
      },
    )
    .register(z.globalRegistry, { description: "What is declared of an event type" }),
);

const KNOWN_KEYS = "is not known: a declaration has name, period, retentionDays and fields";

/**
 * The declaration of a type, as the source of its artifact gives it. Throws `invalid-input` with every fault. Types are
 * compared without case, so they are declared in lower case.
 */
export function readTypeDeclaration(type: string, source: unknown): EventTypeDeclaration {
  const result = typeDeclarationSchema().safeParse(source);
  const faults = [
    ...nameFaults(type, source),
    ...(result.success ? [] : toFaults(result.error, KNOWN_KEYS)),
    ...fieldFaults((source as { readonly fields?: unknown } | null | undefined)?.fields),
  ];
  if (!result.success || faults.length > 0) throw invalidInput(faults);
  const { period, retentionDays, fields = {} } = result.data;
  return { name: type, period, retentionDays, ...(Object.keys(fields).length > 0 && { fields }) };
}

function nameFaults(type: string, source: unknown): Fault[] {
  if (!isEventType(type))
    return [{ pointer: "", detail: `${quote(type)} is no event type: 1–100 letters, digits, "_" or "-"` }];
  if (type !== type.toLowerCase())
    return [
      {
        pointer: "",
        detail: `types are declared in lower case: what ${quote(type.toLowerCase())} says holds for both`,
      },
    ];
  const name = (source as { readonly name?: unknown } | null | undefined)?.name;
  if (typeof name === "string" && name.toLowerCase() !== type)
    return [{ pointer: "/name", detail: `must be ${quote(type)}, the artifact's name, not ${quote(name)}` }];
  return [];
}

function fieldFaults(fields: unknown): Fault[] {
  if (!isRecord(fields)) return [];
  const names = Object.keys(fields);
  const faults: Fault[] = [];
  if (names.length > MAX_DECLARED_FIELDS)
    faults.push({
      pointer: "/fields",
      detail: `must not be more than ${MAX_DECLARED_FIELDS}, these are ${names.length}`,
    });
  for (const name of names) {
    const detail = fieldFault(name, fields);
    if (detail !== undefined) faults.push({ pointer: toPointer(["fields", name]), detail });
  }
  return faults;
}

function fieldFault(name: string, fields: Readonly<Record<string, unknown>>): string | undefined {
  if (name.length > MAX_FIELD_CHARACTERS) return `must not be longer than ${MAX_FIELD_CHARACTERS} characters`;
  if (!FIELD.test(name) || name.split(".").includes("__proto__"))
    return "is no name of a field: letters, digits, _ @ $ : / and -, with dots between the names of a path";
  const dots = [...name.matchAll(/\./g)].map(({ index }) => name.slice(0, index));
  const above = dots.find((path) => Object.hasOwn(fields, path));
  return above === undefined ? undefined : `lies in ${quote(above)}, which is declared to be no object`;
}
