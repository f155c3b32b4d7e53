import type { LogTarget, SyslogFormat } from "#core/haproxy/config/log-target.ts";
import type { LogFormat } from "#core/haproxy/log-format/log-format.ts";

/** What a haproxy.cfg says of logs. */
export interface HaproxyConfig {
  /** In the order of the file. */
  readonly proxies: readonly LoggingProxy[];
  /** Each format that any of them uses, once. */
  readonly formats: readonly UsedFormat[];
  readonly rings: readonly Ring[];
  /** `log-tag` of the section global. */
  readonly logTag?: string;
  /** `log-send-hostname`: messages name their host. */
  readonly sendsHostname: boolean;
  /** What could not be read, and what was read without certainty, by lines. */
  readonly faults: readonly ConfigFault[];
}

/** A frontend or listen section. Several formats for one thing stand where a condition decides when HAProxy starts. */
export interface LoggingProxy {
  readonly kind: "frontend" | "listen";
  readonly name: string;
  readonly line: number;
  readonly mode: string;
  /** Without any, it writes no logs. */
  readonly targets: readonly LogTarget[];
  /** Of requests, or of connections in mode tcp. */
  readonly formats: readonly LogFormat[];
  /** Of connections that failed before. */
  readonly errorFormats: readonly LogFormat[];
  /** What precedes the message in RFC 5424 framing. */
  readonly structuredData: readonly LogFormat[];
  readonly captures: Captures;
  readonly logTag?: string;
}

/** What the places of captured headers hold, in order: a header's name, or the expression that fills it. */
export interface Captures {
  readonly request: readonly string[];
  readonly response: readonly string[];
  readonly cookie?: string;
}

export type FormatUse = "log" | "error" | "structured-data";

export interface UsedFormat {
  readonly format: LogFormat;
  readonly use: FormatUse;
  /** The names of the frontends; of a log-profile `log-profile <name>`. */
  readonly by: readonly string[];
  /** Where all of them capture the same. A format that lists headers is kept apart for each number of them. */
  readonly captures?: Captures;
}

export interface Ring {
  readonly name: string;
  readonly line: number;
  readonly format: SyslogFormat;
  readonly maxBytes: number;
  readonly servers: readonly { readonly address: string; readonly framing: "octet-count" | "legacy" }[];
}

export interface ConfigFault {
  readonly line: number;
  /** `error`: this line counts for nothing; `remark`: it counts, and something about it may not be as meant. */
  readonly level: "error" | "remark";
  readonly says: string;
}
