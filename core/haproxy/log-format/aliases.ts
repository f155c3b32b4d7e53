import type { FieldKind } from "#core/events/types/event-types.ts";
import type { LogFlags, PrintedValue, ValueKind } from "#core/haproxy/log-format/log-format.ts";

/** One of HAProxy's log-format aliases (configuration manual, section 8.2.6). */
export interface LogAlias {
  readonly kind: ValueKind;
  readonly meaning: string;
  /** Known in HTTP mode only, or over TLS only. */
  readonly only?: "http" | "tls";
  /** `+X` prints it in hexadecimal. */
  readonly hex?: true;
  /** Nothing is printed where it is not there, or `-` or `""` (by the flags). All others are always there. */
  readonly optional?: true;
  /** What it is made of, where that is less than its kind is made of. */
  readonly characters?: string;
}

const number = (meaning: string, more: Partial<LogAlias> = {}): LogAlias => ({ kind: "number", meaning, ...more });
const name = (meaning: string, more: Partial<LogAlias> = {}): LogAlias => ({
  kind: "word",
  meaning,
  characters: NAME_CHARACTERS,
  ...more,
});
const http = { only: "http" } as const;
const hex = { hex: true } as const;
const optional = { optional: true } as const;

/** What HAProxy takes in names of proxies and servers, the signs around its own, and the `~` of `%ft`. */
export const NAME_CHARACTERS = "\\w.:<>~-";
/** `(NONE)` where the handshake failed. */
const CIPHER_CHARACTERS = "\\w()-";
/** A method is a token (RFC 9110); HAProxy prints `<BADREQ>` for it, too. */
export const METHOD_CHARACTERS = "\\w!#$%&'*+.^`|~<>-";
/** `HTTP/1.1`, `<BADREQ>`. */
const VERSION_CHARACTERS = "\\w/.<>";

export const LOG_ALIASES: Readonly<Record<string, LogAlias>> = {
  // Who connected, to what
  ci: { kind: "ip", meaning: "the client's address", ...hex, ...optional },
  cp: { kind: "port", meaning: "the client's port", ...hex, ...optional },
  fi: { kind: "ip", meaning: "the address that the client connected to", ...hex, ...optional },
  fp: { kind: "port", meaning: "the port that the client connected to", ...hex, ...optional },
  bi: { kind: "ip", meaning: "the address from which HAProxy connected to the server", ...hex, ...optional },
  bp: { kind: "port", meaning: "the port from which HAProxy connected to the server", ...hex, ...optional },
  si: { kind: "ip", meaning: "the server's address", ...hex, ...optional },
  sp: { kind: "port", meaning: "the server's port", ...hex, ...optional },
  f: name("the frontend"),
  ft: name("the frontend, with a ~ at its end when the client came over TLS"),
  b: name("the backend; the frontend's own name when none was chosen"),
  s: name("the server; <NOSRV> when none was reached, <STATS> and the like when HAProxy answered itself"),
  sslv: name("the TLS version of the client's connection", { only: "tls", ...optional }),
  sslc: name("the TLS cipher of the client's connection", { only: "tls", characters: CIPHER_CHARACTERS, ...optional }),

  // When
  t: { kind: "date", meaning: "when the connection was accepted, local time" },
  T: { kind: "date-gmt", meaning: "when the connection was accepted, GMT" },
  Tl: { kind: "date-zone", meaning: "when the connection was accepted, local time with its zone" },
  Ts: { kind: "epoch", meaning: "when the connection was accepted, seconds since 1970", ...hex },
  ms: { kind: "millisecond", meaning: "the milliseconds of when the connection was accepted", ...hex },
  tr: { kind: "date", meaning: "when the first byte of the request came, local time", ...http },
  trg: { kind: "date-gmt", meaning: "when the first byte of the request came, GMT", ...http },
  trl: { kind: "date-zone", meaning: "when the first byte of the request came, local time with its zone", ...http },

  // How long, in milliseconds
  Th: number("ms of the handshakes (PROXY protocol, TLS) before the first byte"),
  Ti: number("ms that the connection was idle before the request", http),
  TR: number("ms to receive the whole request, from its first byte", http),
  Tq: number("ms from the connection to the whole request: Th + Ti + TR", http),
  Tw: number("ms in queues, waiting for a place on a server"),
  Tc: number("ms to connect to the server"),
  Tr: number("ms that the server took to its first byte of response", http),
  Td: number("ms of transferring the response, up to its last byte"),
  Ta: number("ms that the request was active, from its first byte to the last of the response", http),
  Tt: number("ms from accepting the connection to its end"),
  Tu: number("ms as the user felt them: Tt without the idle time"),

  // What was asked and answered
  r: { kind: "request", meaning: "the request line; <BADREQ> when there was none", ...http },
  HM: { kind: "encoded", meaning: "the method", characters: METHOD_CHARACTERS, ...http },
  HU: { kind: "encoded", meaning: "the URI with its query string", ...http },
  HP: { kind: "encoded", meaning: "the URI without its query string", ...http },
  HPO: { kind: "encoded", meaning: "the path alone, without host and query string", ...http, ...optional },
  HQ: { kind: "encoded", meaning: "the query string, with its question mark", ...http, ...optional },
  HV: { kind: "encoded", meaning: "the HTTP version", characters: VERSION_CHARACTERS, ...http },
  ST: number("the status code"),
  B: number("bytes sent to the client"),
  U: number("bytes that the client sent"),
  CC: { kind: "text", meaning: "the captured cookie of the request", ...http, ...optional },
  CS: { kind: "text", meaning: "the captured cookie of the response", ...http, ...optional },
  hr: { kind: "headers", meaning: "the captured headers of the request" },
  hrl: { kind: "header-list", meaning: "the captured headers of the request, each by itself" },
  hs: { kind: "headers", meaning: "the captured headers of the response" },
  hsl: { kind: "header-list", meaning: "the captured headers of the response, each by itself" },

  // How it ended
  ts: { kind: "state", meaning: "the termination state: who ended it, and in which phase" },
  tsc: { kind: "state", meaning: "the termination state, with what became of the persistence cookie", ...http },
  rc: number("how often connecting was tried again; with a + when another server was tried"),

  // How busy it was
  ac: number("connections of the whole process at that moment"),
  fc: number("connections of the frontend at that moment"),
  bc: number("connections that the backend handled at that moment"),
  sc: number("connections of the server at that moment"),
  sq: number("requests that were served before this one in the server's queue"),
  bq: number("requests that were served before this one in the backend's queue"),

  // Which one it was
  ID: { kind: "encoded", meaning: "the unique id, made by unique-id-format", ...optional },
  rt: number("the number of this request or connection in the process", hex),
  lc: number("the number of this line among those of its frontend", hex),
  pid: number("the process", hex),
  H: name("the name of the host that HAProxy runs on"),
  OG: name("where HAProxy was when it wrote the line: txn_close, sess_error …"),
};

const OLD_NAMES: Readonly<Record<string, string>> = {
  Bi: "bi",
  Bp: "bp",
  Ci: "ci",
  Cp: "cp",
  Fi: "fi",
  Fp: "fp",
  Si: "si",
  Sp: "sp",
  cc: "CC",
  cs: "CS",
  st: "ST",
};

export const isAlias = (name: string): boolean => Object.hasOwn(LOG_ALIASES, name);

/** What a name is called today that was deprecated with HAProxy 1.5. */
export const presentNameOf = (name: string): string | undefined =>
  Object.hasOwn(OLD_NAMES, name) ? OLD_NAMES[name] : undefined;

/** Fields that HAProxy's fixed formats have besides, and no log-format can ask for. */
const FIXED_FIELDS: Readonly<Record<string, ValueKind>> = { listener: "word", mode: "word", message: "rest" };

export const isFixedField = (name: string): boolean => Object.hasOwn(FIXED_FIELDS, name);

const QUOTABLE: ReadonlySet<ValueKind> = new Set<ValueKind>([
  "ip",
  "word",
  "encoded",
  "request",
  "headers",
  "header-list",
  "text",
]);

/** How an alias is printed under these flags, and indexed. */
export function valueOfAlias(name: string, flags: LogFlags): { value: PrintedValue; type: FieldKind } {
  const alias = LOG_ALIASES[name];
  const asked = alias?.kind ?? (FIXED_FIELDS[name] as ValueKind);
  const kind = flags.X && alias?.hex === true ? "hex" : asked;
  const type = typeOfAlias(name, kind);
  if (flags.json) return { value: JSON_VALUE, type };
  const quoted = flags.Q && QUOTABLE.has(kind);
  const isEscaped = flags.E && QUOTABLE.has(asked);
  const whenEmpty = NEVER_DASHED.has(name)
    ? emptyUnder({ ...flags, M: false })
    : vanishes(kind)
      ? ""
      : emptyUnder(flags);
  const value: PrintedValue = {
    kind,
    quoted,
    escape: isEscaped ? "backslash" : "none",
    whenEmpty,
    ...(alias !== undefined && alias.optional !== true && { always: true }),
    ...(alias?.characters !== undefined && { characters: alias.characters }),
  };
  return { value, type };
}

/** A query string, or a path, that is not there is printed as nothing, whatever the flags say. */
const NEVER_DASHED: ReadonlySet<string> = new Set(["HQ", "HPO"]);

const vanishes = (kind: ValueKind): boolean => kind === "headers" || kind === "header-list";

/** What is printed where a value is missing. */
export const emptyUnder = ({ Q, M }: LogFlags): PrintedValue["whenEmpty"] => (Q ? '""' : M ? "-" : "");

/** A value that the `json` flag encodes, whatever it is. */
export const JSON_VALUE: PrintedValue = { kind: "json", quoted: false, escape: "json", whenEmpty: "null" };

const TYPES: Readonly<Partial<Record<ValueKind, FieldKind>>> = {
  number: "long",
  epoch: "long",
  millisecond: "integer",
  port: "integer",
};

const typeOfAlias = (name: string, kind: ValueKind): FieldKind =>
  name === "ST" ? "integer" : (TYPES[kind] ?? "keyword");
