import { invalidInput, PulseError } from "#core/errors.ts";
import { expandTags, MAX_TAG_CHARACTERS, MAX_TAGS } from "#core/events/tags.ts";
import { parseTimestamp } from "#core/events/time/timestamps.ts";
import { DEFAULT_EVENT_TYPE } from "#core/events/types/event-types.ts";
import { memberText, scanElements } from "#core/events/values/json-text.ts";
import { quote, toFaults } from "#core/faults.ts";
import { isRecord, parseJson } from "#core/json.ts";
import { once } from "#core/once.ts";
import * as z from "#core/zod.ts";

/** An event as sent, checked and completed as far as that needs no clock. */
export interface DraftEvent {
  readonly type: string;
  /** Expanded. */
  readonly tags: readonly string[];
  /** Compact JSON text. */
  readonly value?: string;
  readonly timestamp?: string;
  /** `Pulse-Key`, or a CloudEvent's `partitionkey`. */
  readonly key?: string;
  /** What makes a retry recognisable without an `Idempotency-Key`: a CloudEvent's source and id. */
  readonly identity?: string;
}

/** One item of a batch: a draft, or why it is none. */
export type DraftOutcome = { readonly draft: DraftEvent } | { readonly refused: PulseError };

export const MAX_EVENT_BYTES = 256 * 1024;
const MAX_EVENTS_PER_REQUEST = 10_000;

const TYPE = /^[A-Za-z0-9_-]{0,100}$/;

const text = once(() => z.string({ error: (issue) => `must be a string, not ${quote(issue.input)}` }));

const tag = once(() =>
  text().check(
    z.minLength(1, "must not be empty"),
    z.maxLength(MAX_TAG_CHARACTERS, `must not be longer than ${MAX_TAG_CHARACTERS} characters`),
    z.refine((tag) => tag.isWellFormed(), "must be well-formed Unicode: it has half of a surrogate pair"),
  ),
);

/**
 * Made for the first draft in which the quick look finds a fault: making it
 * takes 2 ms, which most processes never spend.
 */
export const draftEventSchema = once(() =>
  z
    .strictObject(
      {
        type: z.optional(
          text().check(
            z.regex(TYPE, {
              error: (issue) => `must be 1–100 letters, digits, "_" or "-", not ${quote(issue.input)}`,
            }),
          ),
        ),
        tags: z
          .array(tag(), {
            error: (issue) =>
              issue.input === undefined
                ? "is missing: an event has at least one tag"
                : `must be a string or a list of strings, not ${quote(issue.input)}`,
          })
          .check(z.minLength(1, "must hold at least one tag")),
        value: z.optional(z.unknown()),
        timestamp: z.optional(
          text().check(
            z.refine((timestamp) => parseTimestamp(timestamp) !== undefined, {
              error: (issue) =>
                `must be an RFC 3339 date and time with Z or an offset, like 2020-01-31T10:00:00Z, not ${quote(issue.input)}`,
            }),
          ),
        ),
        kind: z.optional(z.unknown()),
      },
      {
        error: (issue) => (issue.code === "invalid_type" ? `must be an object, not ${quote(issue.input)}` : undefined),
      },
    )
    .register(z.globalRegistry, { description: "An event as it is sent" }),
);

type RightDraft = z.output<ReturnType<typeof draftEventSchema>>;

const KEYS: ReadonlySet<string> = new Set<keyof RightDraft>(["type", "tags", "value", "timestamp", "kind"]);

const isTag = (json: unknown): boolean =>
  typeof json === "string" && json.length > 0 && json.length <= MAX_TAG_CHARACTERS && json.isWellFormed();

/**
 * Whether the schema would take it. Nearly every event is right, and this quick look costs a fifth of the schema, which
 * is needed only to say what is wrong.
 */
export function isRightDraft(json: unknown): json is RightDraft {
  if (!isRecord(json)) return false;
  for (const key in json) if (!KEYS.has(key)) return false;
  const { type, tags, timestamp } = json;
  if (type !== undefined && !(typeof type === "string" && TYPE.test(type))) return false;
  if (!Array.isArray(tags) || tags.length === 0 || !tags.every(isTag)) return false;
  return timestamp === undefined || (typeof timestamp === "string" && parseTimestamp(timestamp) !== undefined);
}

const KNOWN_KEYS = "is not known: an event has type, tags, value and timestamp";

/** Checks one event given as JSON. Throws `invalid-input` with every fault, or `too-large`. */
export function parseDraft(text: string, json = parseJson(text)): DraftEvent {
  refuseLarge(text);
  return toDraft(json, text);
}

function toDraft(json: unknown, text: string): DraftEvent {
  const { type, tags, value, timestamp } = rightDraft(json);
  return {
    type: type || DEFAULT_EVENT_TYPE,
    tags: expanded(tags, "/tags"),
    ...(value === undefined || value === null ? {} : { value: memberText(text, "value") as string }),
    ...(timestamp === undefined ? {} : { timestamp }),
  };
}

/** Throws `invalid-input` with every fault. */
function rightDraft(json: unknown): RightDraft {
  const oneTag = isRecord(json) && typeof json.tags === "string";
  const listed = oneTag ? { ...json, tags: [json.tags] } : json;
  if (isRightDraft(listed)) return listed;
  const result = draftEventSchema().safeParse(listed);
  if (result.success) return result.data;
  const faults = toFaults(result.error, KNOWN_KEYS);
  throw invalidInput(
    oneTag ? faults.map((fault) => ({ ...fault, pointer: fault.pointer.replace("/tags/0", "/tags") })) : faults,
  );
}

function expanded(tags: readonly string[], pointer: string): string[] {
  const all = expandTags(tags);
  if (all.length <= MAX_TAGS) return all;
  throw invalidInput([
    { pointer, detail: `are ${all.length} with their generic ones, an event has at most ${MAX_TAGS}` },
  ]);
}

/** The items of a JSON array, or of NDJSON; one bad item costs no other. Throws if the whole is neither. */
export function parseDrafts(body: string, form: "array" | "ndjson" | "cloudevents"): DraftOutcome[] {
  const items = form === "ndjson" ? linesOf(body) : elementsOf(body);
  if (items.length > MAX_EVENTS_PER_REQUEST)
    throw new PulseError("too-large", `${items.length} events at once, at most ${MAX_EVENTS_PER_REQUEST} are taken`);
  const parse = form === "cloudevents" ? parseCloudEvent : parseDraft;
  return items.map(({ text, json, line }) => {
    try {
      return { draft: parse(text, json) };
    } catch (error) {
      if (!(error instanceof PulseError)) throw error;
      return { refused: line === undefined ? error : inLine(line, error) };
    }
  });
}

/** The text of an item, what it says where that is known already, and its line, counted from 1, where it has one. */
interface Item {
  readonly text: string;
  readonly json?: unknown;
  readonly line?: number;
}

/** Items are answered by their order, which empty lines are not part of: what is wrong with one names its line, too. */
const linesOf = (body: string): Item[] =>
  body.split("\n").flatMap((text, index) => (text.trim() === "" ? [] : [{ text, line: index + 1 }]));

function inLine(line: number, { kind, message, cause, ...error }: PulseError): PulseError {
  // JSON.parse, which has the one line, counts it as the first.
  const faults = error.faults.map((fault) => ({
    ...fault,
    detail: fault.detail.replace("(line 1 column ", "(column "),
  }));
  const said = faults.map(({ pointer, detail }) => `line ${line}${pointer && `, ${pointer},`} ${detail}`);
  return new PulseError(kind, said.join("; ") || `line ${line}: ${message}`, { faults, cause });
}

function elementsOf(body: string): Item[] {
  const array = parseJson(body);
  if (!Array.isArray(array)) throw invalidInput([{ pointer: "", detail: "must be an array of events" }]);
  return scanElements(body, 0).map((text, index) => ({ text, json: array[index] }));
}

/** Checks one CloudEvent in structured JSON (CloudEvents 1.0, JSON format section 3). */
export function parseCloudEvent(text: string, json = parseJson(text)): DraftEvent {
  refuseLarge(text);
  if (!isRecord(json)) throw invalidInput([{ pointer: "", detail: `must be an object, not ${quote(json)}` }]);
  const { data, data_base64: base64, ...attributes } = json;
  const value =
    data !== undefined && data !== null ? memberText(text, "data") : base64 && memberText(text, "data_base64");
  return fromCloudEvent(attributes, value as string | undefined);
}

/**
 * A CloudEvent's context attributes and its data as JSON text → a draft. The type is the last dot-part where the whole
 * does not fit; tags are the extension `tags` (a list, or text separated by commas), else source and subject.
 */
export function fromCloudEvent(attributes: Readonly<Record<string, unknown>>, value: string | undefined): DraftEvent {
  if (value !== undefined) refuseLarge(value);
  const result = cloudEventSchema().safeParse(attributes);
  if (!result.success) throw invalidInput(toFaults(result.error, KNOWN_KEYS));
  const { id, source, type, subject, time, tags, partitionkey } = result.data;
  const ours = draftEventSchema().safeParse({
    type: /^[A-Za-z0-9_-]+$/.test(type) ? type : type.slice(type.lastIndexOf(".") + 1),
    tags: tags ?? [`source:${source}`, ...(subject === undefined ? [] : [`subject:${subject}`])],
    timestamp: time,
  });
  if (!ours.success)
    throw invalidInput(
      toFaults(ours.error, KNOWN_KEYS).map((fault) => ({
        ...fault,
        pointer: fault.pointer.replace("/timestamp", "/time"),
      })),
    );
  return {
    type: ours.data.type || DEFAULT_EVENT_TYPE,
    tags: expanded(ours.data.tags, tags === undefined ? "/source" : "/tags"),
    ...(value === undefined ? {} : { value }),
    ...(time === undefined ? {} : { timestamp: time }),
    ...(partitionkey === undefined ? {} : { key: partitionkey }),
    identity: JSON.stringify([source, id]),
  };
}

const attribute = once(() =>
  z.string({
    error: (issue) => (issue.input === undefined ? "is missing" : `must be a string, not ${quote(issue.input)}`),
  }),
);

const filled = once(() => attribute().check(z.minLength(1, "must not be empty")));

const cloudEventSchema = once(() =>
  z.object({
    specversion: z.literal("1.0", { error: (issue) => `must be "1.0", not ${quote(issue.input)}` }),
    id: filled(),
    source: filled(),
    type: filled(),
    subject: z.optional(filled()),
    time: z.optional(attribute()),
    tags: z.pipe(
      z.transform((tags) => (typeof tags === "string" ? tags.split(",").map((one) => one.trim()) : tags)),
      z.optional(z.array(tag())),
    ),
    partitionkey: z.optional(filled().check(z.maxLength(256, "must not be longer than 256 characters"))),
  }),
);

const LONGEST_UTF8 = 3;
const utf8 = new TextEncoder();

function refuseLarge(text: string): void {
  if (text.length * LONGEST_UTF8 <= MAX_EVENT_BYTES) return;
  const bytes = utf8.encode(text).length;
  if (bytes > MAX_EVENT_BYTES)
    throw new PulseError("too-large", `the event has ${bytes} bytes, at most ${MAX_EVENT_BYTES} are taken`);
}
