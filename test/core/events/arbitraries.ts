import fc from "fast-check";
import type { Event } from "#core/events/event.ts";
import { isEventType } from "#core/events/types/event-types.ts";

/** Texts that JSON allows and that programs stumble over. */
export const anyText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({
    unit: fc.constantFrom('"', "\\", "{", "}", "[", "]", ",", ":", " ", "\n", "\u2028", "\ud800", "😀", "\u0000"),
  }),
  fc.constantFrom("__proto__", "constructor", "value", "id", ""),
);

const spaces = fc.string({ unit: fc.constantFrom(" ", "\n", "\r", "\t"), maxLength: 3 });
/**
 * No lone backslash: after an object with that key, JSON.parse of V8 13.6 reads other keys of one character that are
 * written with an escape (`"\\u0000"`) as a backslash too, and could not judge.
 */
const keys = fc.oneof(anyText, fc.constantFrom("a", "b")).filter((key) => key !== "\\");

const numberTexts = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.bigInt().map(String),
  fc.constantFrom("0", "-0", "1e400", "-1E+400", "0.10", "5e-324", "1".repeat(400)),
);

interface JsonPair {
  /** With whitespace between tokens, here and there. */
  readonly spaced: string;
  readonly compact: string;
}

const asPair = (text: string): JsonPair => ({ spaced: text, compact: text });

const listOf = (items: fc.Arbitrary<JsonPair>, open: string, close: string): fc.Arbitrary<JsonPair> =>
  fc.tuple(fc.array(fc.tuple(spaces, items, spaces), { maxLength: 5 }), spaces).map(([parts, inside]) => ({
    spaced: `${open}${inside}${parts.map(([before, item, after]) => before + item.spaced + after).join(",")}${close}`,
    compact: `${open}${parts.map(([, item]) => item.compact).join(",")}${close}`,
  }));

/** A pair of JSON texts that differ in nothing but whitespace: keys may repeat, numbers may be what no double holds. */
export const jsonPair: fc.Arbitrary<JsonPair> = fc.letrec<{ value: JsonPair; member: JsonPair }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc
      .oneof(
        numberTexts,
        anyText.map((text) => JSON.stringify(text)),
        fc.constantFrom("true", "false", "null"),
      )
      .map(asPair),
    listOf(tie("value"), "[", "]"),
    listOf(tie("member"), "{", "}"),
  ),
  member: fc.tuple(keys, spaces, spaces, tie("value")).map(([key, before, after, value]) => ({
    spaced: `${JSON.stringify(key)}${before}:${after}${value.spaced}`,
    compact: `${JSON.stringify(key)}:${value.compact}`,
  })),
})).value;

/** An accepted event with whatever value, tags and key a caller may have sent. */
export const anyEvent: fc.Arbitrary<Event> = fc
  .record({
    id: fc.uuid(),
    namespace: fc.stringMatching(/^[a-z0-9-]{1,40}$/),
    type: fc.oneof(fc.constantFrom("__proto__", "-x"), fc.stringMatching(/^[A-Za-z0-9_-]{1,100}$/)).filter(isEventType),
    tags: fc.array(anyText, { minLength: 1, maxLength: 5 }),
    timestampMs: fc.integer({ min: Date.parse("0000-01-01"), max: Date.parse("9999-12-31") }),
    receivedAtMs: fc.nat({ max: 4e12 }),
    key: fc.option(anyText, { nil: undefined }),
    value: fc.option(
      jsonPair.map(({ compact }) => compact).filter((text) => text !== "null"),
      { nil: undefined },
    ),
  })
  .map(({ key, value, ...event }) => ({
    ...event,
    timestamp: new Date(event.timestampMs).toISOString(),
    ...(key !== undefined && { key }),
    ...(value !== undefined && { value }),
  }));
