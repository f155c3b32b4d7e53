import type { Text } from "#core/haproxy/parser/text.ts";
import type { SyslogHeader } from "#core/haproxy/syslog/read-syslog.ts";

/** A printed value: a number, or the text exactly as printed (`#XX` kept); the headers of a `{..}` each. */
export type FieldValue = number | Text | boolean | null | readonly Text[];

/** The request as it was before HAProxy printed it: `#XX` undone, an empty header null. */
export interface DecodedRequest {
  readonly method?: Text;
  readonly uri?: Text;
  /** `HTTP/1.0` or `HTTP/1.1`, as the sample fetch `capture.req.ver` knows them; null for any other, or none. */
  readonly version?: string | null;
  /** The printed request ends in neither version: it was cut at 1024 bytes, or came as HTTP/2. */
  readonly cut?: true;
  readonly request_headers?: readonly (Text | null)[];
  readonly response_headers?: readonly (Text | null)[];
}

/** What a log line says, in HAProxy's own words. */
export interface HaproxyRecord {
  /** `httplog`, `tcplog`, `vamp-http` …, the name of a configured format, `admin` for what HAProxy says of itself. */
  readonly format: string;
  readonly syslog: SyslogHeader;
  readonly message: Text;
  /** The line ends before its format does; `fields` holds what is whole, `partial` what was cut. */
  readonly truncated: boolean;
  readonly partial?: Readonly<Record<string, Text>>;
  /** By the names of the configuration manual's section 8.2.6; `X_plus` is true where `X` was printed with a `+`. */
  readonly fields: Readonly<Record<string, FieldValue>>;
  /** The same by HAProxy's names, where a JSON log-format calls them otherwise: `{"status":%ST}` has `ST` here. */
  readonly aliases?: Readonly<Record<string, FieldValue>>;
  readonly time_ms?: number;
  /** `ft` without the `~` that says TLS. */
  readonly frontend?: Text;
  readonly tls?: boolean;
  /** `option logasap`: times and bytes are those at the moment of logging. */
  readonly logasap?: true;
  /** The last attempt went to another server than the first. */
  readonly redispatched?: true;
  readonly decoded?: DecodedRequest;
}

/** Why a line is not a record. The line itself stays with who sent it in. */
export interface Rejection {
  readonly reason: "empty" | "cut-on-the-way" | "cut-before-its-format-shows" | "unknown-format";
  readonly syslog: SyslogHeader;
  readonly message: Text;
  readonly truncated: boolean;
}

export type ParsedLine = { readonly record: HaproxyRecord } | { readonly rejected: Rejection };
