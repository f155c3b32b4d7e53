import fc from "fast-check";

const maybe = (part: fc.Arbitrary<string>): fc.Arbitrary<string> => fc.oneof(fc.constant(""), part);
const number = (least: number, most: number): fc.Arbitrary<string> =>
  fc.integer({ min: least, max: most }).map((value) => String(value).padStart(2, "0"));
const joined = (...parts: readonly fc.Arbitrary<string>[]): fc.Arbitrary<string> =>
  fc.tuple(...parts).map((texts) => texts.join(""));
const prefixed = (prefix: string, part: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  part.map((text) => prefix + text);

const year = fc.oneof(
  fc.integer({ min: 0, max: 9999 }).map((value) => String(value).padStart(4, "0")),
  fc.constantFrom("1969", "1970", "2000", "2020", "2024", "2100", "9999", "-0044"),
);
const date = joined(year, maybe(joined(prefixed("-", number(1, 12)), maybe(prefixed("-", number(1, 31))))));

const fraction = joined(
  fc.constantFrom(".", ","),
  fc.string({ unit: fc.constantFrom(..."0123456789"), minLength: 1, maxLength: 9 }),
);
const sixtieth = prefixed(":", number(0, 59));
const time = joined(number(0, 23), maybe(joined(sixtieth, maybe(joined(sixtieth, maybe(fraction))))));

const offset = joined(
  fc.constantFrom("+", "-"),
  number(0, 18),
  maybe(fc.oneof(number(0, 59), sixtieth, joined(sixtieth, sixtieth))),
);
const dateTime = joined(date, maybe(prefixed("T", maybe(joined(time, maybe(fc.oneof(fc.constant("Z"), offset)))))));

const operation = joined(
  fc.constantFrom("+", "-", "/"),
  maybe(fc.integer({ min: 0, max: 1500 }).map(String)),
  fc.constantFrom("y", "M", "w", "d", "h", "H", "m", "s"),
);
const rounding = prefixed("/", fc.constantFrom("y", "M", "w", "d", "h", "H", "m", "s"));
const math = fc.array(fc.oneof(operation, rounding), { maxLength: 3 }).map((operations) => operations.join(""));

const wellFormed = fc.oneof(dateTime, prefixed("now", math), joined(dateTime, fc.constant("||"), math));

/** One character taken out, put in or changed. */
const damaged = fc
  .tuple(wellFormed, fc.nat(), fc.constantFrom("", ..."0123456789-+:.,TZ/|dM "), fc.boolean())
  .map(([text, place, character, isChange]) => {
    const at = place % (text.length + 1);
    return text.slice(0, at) + character + text.slice(isChange || character === "" ? at + 1 : at);
  });

/** Bounds of time ranges: dates with parts missing, date math, some of them not quite right. */
export const aTimeText = fc.oneof({ arbitrary: wellFormed, weight: 3 }, { arbitrary: damaged, weight: 1 });
