import type { FieldKind } from "#core/events/types/event-types.ts";
import type { SampleExpression } from "#core/haproxy/log-format/sample-expression.ts";

/**
 * What HAProxy can print for a field, by how a reader finds its end.
 * - `number`: digits, after `-` (a phase that was not reached) or `+` (counted
 *   before the end, or a redispatch), or `-`;
 * - `epoch`: seconds since 1970; `millisecond`: three digits; `port`: a number, or `-`;
 * - `hex`: hexadecimal digits in capitals, or `-`;
 * - `date`: `22/Nov/2026:01:22:46.321`, the gateway's local time; `date-gmt`,
 *   `date-zone`: `22/Nov/2026:01:22:46 +0000`;
 * - `ip`: IPv4, IPv6, `unix`, or `-`; the colon before its port is the last one;
 * - `state`: the letters of a termination state;
 * - `word`: a name of the configuration or of a protocol: no spaces, double quotes or slashes;
 * - `encoded`: what a client sent, without spaces; quotes and bytes that do not
 *   print are encoded (`#XX`, `%XX`, Base64);
 * - `request`: the same, with spaces: `GET / HTTP/1.1`, or `<BADREQ>`;
 * - `headers`: `{a|b}`, encoded (`#XX`); nothing at all when none were captured;
 * - `header-list`: each header by itself, encoded (`#XX`), separated by spaces, each in quotes or `-` when it is empty;
 * - `text`: what a client or server sent, not encoded but for what `escape` says;
 * - `json`: any JSON value, as the `json` flag encodes;
 * - `rest`: all up to what the format ends with.
 */
export type ValueKind =
  | "number"
  | "epoch"
  | "millisecond"
  | "port"
  | "hex"
  | "date"
  | "date-gmt"
  | "date-zone"
  | "ip"
  | "state"
  | "word"
  | "encoded"
  | "request"
  | "headers"
  | "header-list"
  | "text"
  | "json"
  | "rest";

export interface PrintedValue {
  readonly kind: ValueKind;
  /** HAProxy puts double quotes around it (`+Q`), around each header of a list. */
  readonly quoted: boolean;
  /** What a backslash within means: nothing, the next character (`+E`: `"`, `\` or `]`), or a JSON string's escape. */
  readonly escape: "none" | "backslash" | "json";
  /**
   * What stands there when there is no value. A `headers` or `header-list` that prints nothing takes the space after it
   * along: HAProxy never prints two separators, or one at the beginning of a line, for want of a value between.
   */
  readonly whenEmpty: "-" | '""' | "" | "null";
  /** HAProxy always has one, so that `whenEmpty` is never printed. */
  readonly always?: true;
  /** What it is made of, as within a regular expression's brackets, where that is less than its kind is made of. */
  readonly characters?: string;
  /** How many headers are captured, where that is known. */
  readonly count?: number;
}

/** The flags in force for a field: its own, after those of `%{…}o`. */
export interface LogFlags {
  /** Quoted. */
  readonly Q: boolean;
  /** In hexadecimal. */
  readonly X: boolean;
  /** With `"`, `\` and `]` escaped. */
  readonly E: boolean;
  /** Mandatory: `-` where there is no value. Set unless taken away. */
  readonly M: boolean;
  readonly json: boolean;
}

/** Text that every line of the format has. */
export interface LogLiteral {
  readonly literal: string;
}

export interface LogField {
  /** The key of the record; no two fields of a format share one. */
  readonly name: string;
  /** Where its `%` stands in the format's text. */
  readonly offset: number;
  /** As the manual's table has it, also where the format uses a deprecated name. */
  readonly alias?: string;
  readonly expression?: SampleExpression;
  readonly flags: LogFlags;
  readonly value: PrintedValue;
  /** How it is indexed. */
  readonly type: FieldKind;
}

export type LogFormatPart = LogLiteral | LogField;

/** A member of the JSON object that a line is: the record has its value under this path. */
export interface JsonMember {
  /** Keys, and places in arrays. */
  readonly path: readonly (string | number)[];
  /** A JSON string by the format's own quotes. */
  readonly quoted: boolean;
  /** What its value is made of: one field, several (`%Ts.%ms`), or none where it is the same in each line. */
  readonly parts: readonly LogFormatPart[];
}

/** Something that HAProxy takes, and its author may not have meant. */
export interface LogFormatRemark {
  readonly offset: number;
  readonly says: string;
}

/** A log-format, taken apart. Two literals never stand side by side, and none is empty. */
export interface LogFormat {
  readonly name: string;
  /** As HAProxy's parser gets it: unquoted. */
  readonly text: string;
  /** `json`: a line is a JSON object, whose `members` make the record; `text`: its fields do. */
  readonly shape: "text" | "json";
  /** What a line is made of, in order: for `%{+json}o` what HAProxy prints, not what the format's text says. */
  readonly parts: readonly LogFormatPart[];
  /** Only of shape `json`. */
  readonly members?: readonly JsonMember[];
  /** What HAProxy takes without complaint, and the author may not have meant. */
  readonly remarks: readonly LogFormatRemark[];
}

export const isField = (part: LogFormatPart): part is LogField => "name" in part;

export const fieldsOf = ({ parts }: Pick<LogFormat, "parts">): LogField[] => parts.filter(isField);
