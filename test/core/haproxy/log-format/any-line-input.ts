import fc from "fast-check";
import { LOG_ALIASES } from "#core/haproxy/log-format/aliases.ts";
import { fieldsOf, type LogField, type LogFormat } from "#core/haproxy/log-format/log-format.ts";
import type { FieldInput, LineInput } from "#test/core/haproxy/log-format/print-log-line.ts";

/**
 * Values that HAProxy could have printed in a format. What clients write unencoded is harmless (no spaces, quotes or
 * separators) unless `hostile`, for no reader can tell everything apart in every format.
 */
export function anyLineInput(format: LogFormat, { hostile = false } = {}): fc.Arbitrary<LineInput> {
  return fc.record(Object.fromEntries(fieldsOf(format).map((field) => [field.name, anyValue(field, hostile)])));
}

const charactersOf = (from: number, to: number): string =>
  Array.from({ length: to - from + 1 }, (_, index) => String.fromCharCode(from + index)).join("");

const anyOf = (characters: string, minLength = 1, maxLength = 12): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...characters), minLength, maxLength });

const LETTERS = "ABCXYZabcxyz";
const NAME = `${LETTERS}0189_-.`;
const VISIBLE = charactersOf(0x21, 0x7e);
/** What HTTP lets through in a header: no control characters but the tab. */
const HEADER = `\t ${VISIBLE}${charactersOf(0x80, 0xff)}`;

/** Of fields that hold less than their kind does. */
const OWN_VALUES: Readonly<Record<string, fc.Arbitrary<FieldInput>>> = {
  ST: fc.integer({ min: -1, max: 599 }),
  s: fc.oneof(anyOf(NAME), fc.constant("<NOSRV>")),
  HM: fc.constantFrom("GET", "OPTIONS", "<BADREQ>"),
  HV: fc.constantFrom("HTTP/1.0", "HTTP/2.0", "<BADREQ>"),
  sslv: fc.constantFrom("TLSv1.2", "TLSv1.3"),
  sslc: fc.constantFrom("TLS_AES_256_GCM_SHA384", "ECDHE-RSA-AES128-GCM-SHA256", "(NONE)"),
  mode: fc.constantFrom("HTTP", "TCP"),
};

const PLUS_ALIASES: ReadonlySet<string> = new Set(["Ta", "Tt", "Tu", "B", "rc"]);

function anyValue(field: LogField, hostile: boolean): fc.Arbitrary<FieldInput> {
  const own = OWN_VALUES[field.alias ?? ""];
  if (own !== undefined) return own;
  const kind = field.value.kind === "json" ? kindBeforeJson(field) : field.value.kind;
  switch (kind) {
    case "number":
      return anyNumber(field);
    case "epoch":
      return fc.integer({ min: 0, max: 4_102_444_800 });
    case "millisecond":
      return fc.integer({ min: 0, max: 999 });
    case "port":
      return fc.option(fc.integer({ min: 1, max: 65_535 }));
    case "hex":
      return field.alias === undefined
        ? fc.option(
            anyOf("0123456789ABCDEF").map((digits) => digits.padStart(digits.length + (digits.length % 2), "0")),
          )
        : fc.integer({ min: 0, max: 0xffff });
    case "date":
    case "date-gmt":
    case "date-zone":
      return anyDate(kind);
    case "ip":
      return fc.oneof(fc.ipV4(), fc.ipV6(), fc.constant("unix"));
    case "state":
      return field.alias === "ts" ? anyOf("-CSPRcsLDKUIHQT", 2, 2) : anyOf("-CSPRcsLDKUIHQTNVEO", 4, 4);
    case "word":
      return anyOf(NAME);
    case "encoded":
      return anyOf(`${VISIBLE}${charactersOf(0x80, 0xff)}`);
    case "request":
      return fc.option(anyRequest());
    case "headers":
    case "header-list":
      return fc.option(fc.array(fc.option(anyOf(HEADER)), { minLength: 1, maxLength: 4 }));
    default:
      return fc.option(hostile ? anyOf(HEADER) : anyOf(`${NAME}=`));
  }
}

/** `json` encodes values of every kind; aliases tell theirs. */
const kindBeforeJson = ({ alias }: LogField) => (alias === undefined ? "text" : (LOG_ALIASES[alias]?.kind ?? "text"));

function anyNumber(field: LogField): fc.Arbitrary<FieldInput> {
  const number = fc.integer({ min: -1, max: 1_000_000_000 });
  if (field.alias === undefined || !PLUS_ALIASES.has(field.alias)) return number;
  return fc.oneof(
    number,
    fc.nat({ max: 1_000_000 }).map((plus) => ({ plus })),
  );
}

const anyRequest = (): fc.Arbitrary<string> =>
  fc
    .tuple(
      fc.constantFrom("GET", "POST", "PATCH"),
      anyOf(`${VISIBLE}${charactersOf(0x80, 0xff)}`),
      fc.constantFrom("1.0", "1.1"),
    )
    .map(([method, uri, version]) => `${method} /${uri} HTTP/${version}`);

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** `22/Nov/2026:01:22:46.321`, `22/Nov/2026:01:22:46 +0100`. */
const anyDate = (kind: "date" | "date-gmt" | "date-zone"): fc.Arbitrary<string> =>
  fc.date({ min: new Date(0), max: new Date("2099-12-31"), noInvalidDate: true }).map((date) => {
    const iso = date.toISOString();
    const day = `${iso.slice(8, 10)}/${MONTHS[date.getUTCMonth()]}/${iso.slice(0, 4)}:${iso.slice(11, 19)}`;
    if (kind === "date") return `${day}${iso.slice(19, 23)}`;
    return `${day} ${kind === "date-gmt" ? "+0000" : "+0530"}`;
  });
