import type { Variables } from "#core/haproxy/config/split-config-line.ts";
import { OPTION_TEXTS } from "#core/haproxy/log-format/built-in-formats.ts";

/** The formats that HAProxy offers as variables since 2.7. */
const OWN_VARIABLES: Readonly<Record<string, string>> = {
  HAPROXY_HTTP_LOG_FMT: OPTION_TEXTS.httplog,
  HAPROXY_HTTPS_LOG_FMT: OPTION_TEXTS.httpslog,
  HAPROXY_HTTP_CLF_LOG_FMT: OPTION_TEXTS.clf,
  HAPROXY_TCP_LOG_FMT: OPTION_TEXTS.tcplog,
  HAPROXY_TCP_CLF_LOG_FMT: OPTION_TEXTS["tcplog-clf"],
};

/** What variables hold at a place of a configuration, which can set some itself. */
export class ConfigVariables {
  readonly #environment: Variables;
  /** Undefined where unsetenv has unset it. */
  readonly #own = new Map<string, string | undefined>(Object.entries(OWN_VARIABLES));

  constructor(environment: Variables) {
    this.#environment = environment;
  }

  valueOf(name: string): string | undefined {
    return this.#own.has(name) ? this.#own.get(name) : this.#environment(name);
  }

  /** Takes a line of the section global; what is none of setenv, presetenv and unsetenv changes nothing. */
  apply([directive, ...args]: readonly string[]): void {
    const [name = "", value] = args;
    if (directive === "unsetenv") for (const unset of args) this.#own.set(unset, undefined);
    const isSet = directive === "setenv" || (directive === "presetenv" && this.valueOf(name) === undefined);
    if (isSet && value !== undefined) this.#own.set(name, value);
  }
}
