import { applyDirective } from "#core/haproxy/config/apply-directive.ts";
import { Conditions } from "#core/haproxy/config/conditions.ts";
import { FormatCollector } from "#core/haproxy/config/format-collector.ts";
import type { ConfigFault, HaproxyConfig, LoggingProxy, Ring } from "#core/haproxy/config/haproxy-config.ts";
import { isSyslogFormat, type LogTarget, readLogTarget } from "#core/haproxy/config/log-target.ts";
import { NO_SETTINGS, type ProxySettings } from "#core/haproxy/config/proxy-settings.ts";
import { splitConfigLine, type Variables } from "#core/haproxy/config/split-config-line.ts";
import { OPTION_FORMATS } from "#core/haproxy/log-format-built-in.ts";

const SECTIONS: ReadonlySet<string> = new Set(
  (
    "global defaults frontend backend listen ring log-forward log-profile peers resolvers userlist mailers program cache " +
    "http-errors fcgi-app crt-store acme traces"
  ).split(" "),
);

/** The formats that HAProxy offers as variables since 2.7. */
const OWN_VARIABLES: Readonly<Record<string, string>> = {
  HAPROXY_HTTP_LOG_FMT: OPTION_FORMATS.httplog.text,
  HAPROXY_HTTPS_LOG_FMT: OPTION_FORMATS.httpslog.text,
  HAPROXY_HTTP_CLF_LOG_FMT: OPTION_FORMATS.clf.text,
  HAPROXY_TCP_LOG_FMT: OPTION_FORMATS.tcplog.text,
  HAPROXY_TCP_CLF_LOG_FMT: OPTION_FORMATS["tcplog-clf"].text,
};

/**
 * Reads what a haproxy.cfg says of logs, and passes over the rest. What it cannot read is a fault and costs that line only.
 * `environment` is what HAProxy would find in its own.
 */
export function readHaproxyConfig(text: string, environment: Variables = () => undefined): HaproxyConfig {
  const reader = new ConfigReader(environment);
  text.split(/\r?\n/).forEach((line, index) => {
    reader.readLine(line, index + 1);
  });
  return reader.finish();
}

/** A line in words, as sections get it. */
interface WordsAt {
  readonly words: readonly string[];
  readonly line: number;
  readonly isMaybe: boolean;
}

interface ProxyDraft {
  readonly kind: LoggingProxy["kind"];
  readonly name: string;
  readonly line: number;
  settings: ProxySettings;
}

class ConfigReader {
  readonly #environment: Variables;
  /** What setenv and presetenv have set; undefined where unsetenv has unset it. */
  readonly #variables = new Map<string, string | undefined>(Object.entries(OWN_VARIABLES));
  readonly #conditions = new Conditions();
  readonly #faults: ConfigFault[] = [];
  readonly #formats: FormatCollector;
  readonly #proxies: ProxyDraft[] = [];
  readonly #rings: (Ring & { format: Ring["format"]; maxBytes: number; servers: Ring["servers"][number][] })[] = [];
  readonly #namedDefaults = new Map<string, ProxySettings>();
  readonly #globalTargets: LogTarget[] = [];
  #lastDefaults = NO_SETTINGS;
  #logTag: string | undefined;
  #sendsHostname = false;
  #section = "";
  /** Reads the lines of the present section. */
  #readSectionLine: (line: WordsAt) => void = () => {};

  constructor(environment: Variables) {
    this.#environment = environment;
    this.#formats = new FormatCollector((line, level, says) => this.#faults.push({ line, level, says }));
  }

  readLine(text: string, line: number): void {
    const split = splitConfigLine(text, (name) => this.#valueOf(name, line));
    if ("reason" in split) {
      // What no branch takes needs not be readable.
      if (this.#conditions.branch !== "dropped") this.#fault(line, `${split.reason}, at column ${split.at + 1}`);
      return;
    }
    const { words, unset } = split;
    const [first] = words;
    if (first === undefined || first === "") return;
    if (first.startsWith(".")) {
      const wrong = this.#conditions.take(words, line);
      if (wrong !== undefined) this.#fault(line, wrong);
      else if (first === ".if" && this.#conditions.branch === "maybe")
        this.#remark(
          line,
          "whether this condition holds is known when HAProxy starts: every branch is read as if it did",
        );
      return;
    }
    const { branch } = this.#conditions;
    if (branch === "dropped") return;
    for (const name of unset) this.#remark(line, `the variable ${name} is not set here, and taken for empty`);
    if (SECTIONS.has(first)) this.#beginSection(words, line);
    else this.#readSectionLine({ words, line, isMaybe: branch === "maybe" });
  }

  finish(): HaproxyConfig {
    for (const line of this.#conditions.open) this.#fault(line, ".if without .endif");
    const proxies = this.#proxies.map((draft) => this.#finishProxy(draft));
    return {
      proxies,
      formats: this.#formats.used,
      rings: this.#rings,
      ...(this.#logTag !== undefined && { logTag: this.#logTag }),
      sendsHostname: this.#sendsHostname,
      faults: distinct(this.#faults).sort((one, other) => one.line - other.line),
    };
  }

  #finishProxy({ kind, name, line, settings }: ProxyDraft): LoggingProxy {
    const { mode, captures, logTag } = settings;
    const user = { name, mode, captures };
    return {
      kind,
      name,
      line,
      mode,
      targets: settings.targets.flatMap((target) => (target === "global" ? this.#globalTargets : [target])),
      formats: this.#formats.ofRequests(settings.formats, user),
      errorFormats: this.#formats.ofErrors(settings.errorFormats, user),
      structuredData: this.#formats.ofStructuredData(settings.structuredData, user),
      captures,
      ...(logTag !== undefined && { logTag }),
    };
  }

  #beginSection([keyword = "", ...args]: readonly string[], line: number): void {
    const name = args[0] ?? "";
    this.#section = name === "" ? keyword : name;
    this.#readSectionLine = () => {};
    switch (keyword) {
      case "global":
        this.#readSectionLine = (words) => this.#readGlobal(words);
        break;
      case "defaults":
        this.#beginDefaults(args, line);
        break;
      case "frontend":
      case "listen":
        this.#beginProxy(keyword, args, line);
        break;
      case "ring":
        this.#beginRing(name, line);
        break;
      case "log-profile":
        this.#readSectionLine = (words) => this.#readLogProfile(name, words);
        break;
    }
  }

  /** Defaults count from the next proxy on, also where this section goes by a name. */
  #beginDefaults(args: readonly string[], line: number): void {
    const [name] = args[0] === "from" ? [] : args;
    let settings = args.includes("from") ? this.#settingsFrom(args, line) : NO_SETTINGS;
    const keep = (): void => {
      this.#lastDefaults = settings;
      if (name !== undefined) this.#namedDefaults.set(name, settings);
    };
    keep();
    this.#readSectionLine = (words) => {
      settings = this.#apply(settings, words);
      keep();
    };
  }

  #beginProxy(kind: LoggingProxy["kind"], args: readonly string[], line: number): void {
    const [name] = args;
    if (name === undefined) {
      this.#fault(line, `${kind} needs a name`);
      return;
    }
    const draft = { kind, name, line, settings: this.#settingsFrom(args, line) };
    this.#proxies.push(draft);
    this.#readSectionLine = (words) => {
      draft.settings = this.#apply(draft.settings, words);
    };
  }

  /** Of the defaults section that `from` names, or the last one. */
  #settingsFrom(args: readonly string[], line: number): ProxySettings {
    const from = args.indexOf("from");
    if (from < 0) return this.#lastDefaults;
    const name = args[from + 1] ?? "";
    const settings = this.#namedDefaults.get(name);
    if (settings === undefined) this.#fault(line, `there is no defaults section "${name}" above`);
    return settings ?? NO_SETTINGS;
  }

  #apply(settings: ProxySettings, directive: WordsAt): ProxySettings {
    const applied = applyDirective(settings, directive);
    if (typeof applied !== "string") return applied;
    this.#fault(directive.line, applied);
    return settings;
  }

  #readGlobal({ words, line }: WordsAt): void {
    const [first, ...args] = words;
    const [name = "", value] = args;
    if (first === "log") {
      const target = readLogTarget(args, line);
      if (typeof target === "string") this.#fault(line, target);
      else this.#globalTargets.push(target);
    } else if (first === "log-tag") this.#logTag = args[0];
    else if (first === "log-send-hostname") this.#sendsHostname = true;
    else if (first === "setenv" && value !== undefined) this.#variables.set(name, value);
    else if (first === "presetenv" && this.#valueOf(name, line) === undefined) this.#variables.set(name, value);
    else if (first === "unsetenv") for (const one of args) this.#variables.set(one, undefined);
  }

  #beginRing(name: string, line: number): void {
    const servers: Ring["servers"][number][] = [];
    const ring = { name, line, format: "raw" as Ring["format"], maxBytes: 1024, servers };
    this.#rings.push(ring);
    this.#readSectionLine = ({ words, line: at }) => {
      const [first, second, address = ""] = words;
      if (first === "format" && isSyslogFormat(second)) ring.format = second;
      else if (first === "format") this.#fault(at, `there is no syslog format "${second ?? ""}"`);
      else if (first === "maxlen") ring.maxBytes = Number(second);
      else if (first === "server") {
        const framing = words[words.indexOf("log-proto") + 1] === "octet-count" ? "octet-count" : "legacy";
        servers.push({ address, framing });
      }
    };
  }

  /** `on close format "…" sd "…"`. */
  #readLogProfile(name: string, { words, line }: WordsAt): void {
    const [first, step] = words;
    if (first !== "on") return;
    for (let at = 2; at < words.length; at += 2) {
      const text = words[at + 1];
      if (text === undefined) continue;
      if (words[at] === "format") this.#formats.ofProfile({ text, line }, name, step === "error" ? "error" : "log");
      if (words[at] === "sd") this.#formats.ofProfile({ text, line }, name, "structured-data");
    }
  }

  #valueOf(name: string, line: number): string | undefined {
    if (name === ".LINE") return String(line);
    if (name === ".SECTION") return this.#section;
    return this.#variables.has(name) ? this.#variables.get(name) : this.#environment(name);
  }

  #fault(line: number, says: string): void {
    this.#faults.push({ line, level: "error", says });
  }

  #remark(line: number, says: string): void {
    this.#faults.push({ line, level: "remark", says });
  }
}

/** A line that defaults pass on to many can be told of for each of them. */
const distinct = (faults: readonly ConfigFault[]): ConfigFault[] => [
  ...new Map(faults.map((fault) => [`${fault.line} ${fault.says}`, fault])).values(),
];
