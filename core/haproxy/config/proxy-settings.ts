import type { Captures } from "#core/haproxy/config/haproxy-config.ts";
import type { LogTarget } from "#core/haproxy/config/log-target.ts";
import { type FormatOption, OPTION_TEXTS } from "#core/haproxy/log-format/built-in-formats.ts";

/** A format as a line of the configuration gives it. */
export interface FormatLine {
  readonly text: string;
  readonly line: number;
  /** `option httplog` and the like, which give way to `option tcplog` in mode tcp. */
  readonly option?: FormatOption;
}

/** What a defaults section passes on, and a proxy adds to. */
export interface ProxySettings {
  readonly mode: string;
  readonly targets: readonly (LogTarget | "global")[];
  readonly formats: readonly FormatLine[];
  readonly errorFormats: readonly FormatLine[];
  readonly structuredData: readonly FormatLine[];
  readonly captures: Captures;
  readonly logTag?: string;
}

export const NO_SETTINGS: ProxySettings = {
  mode: "tcp",
  targets: [],
  formats: [],
  errorFormats: [],
  structuredData: [],
  captures: { request: [], response: [] },
};

export const formatLineOf = (option: FormatOption, line: number): FormatLine => ({
  text: OPTION_TEXTS[option],
  line,
  option,
});
