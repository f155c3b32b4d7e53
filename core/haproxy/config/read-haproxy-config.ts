import { applyDirective } from "#core/haproxy/config/apply-directive.ts";
import { applyGlobal, type GlobalSettings } from "#core/haproxy/config/apply-global.ts";
import { applyRing, emptyRing } from "#core/haproxy/config/apply-ring.ts";
import { Conditions } from "#core/haproxy/config/conditions.ts";
import type { ConfigLine } from "#core/haproxy/config/config-line.ts";
import { ConfigVariables } from "#core/haproxy/config/config-variables.ts";
import { FormatCollector } from "#core/haproxy/config/format-collector.ts";
import type { ConfigFault, HaproxyConfig, LoggingProxy, Ring } from "#core/haproxy/config/haproxy-config.ts";
import { NO_SETTINGS, type ProxySettings } from "#core/haproxy/config/proxy-settings.ts";
import { splitConfigLine, type Variables } from "#core/haproxy/config/split-config-line.ts";

const SECTIONS: ReadonlySet<string> = new Set(
  (
    "global defaults frontend backend listen ring log-forward log-profile peers resolvers userlist mailers program cache " +
    "http-errors fcgi-app crt-store acme traces"
  ).split(" "),
);

/**
 * Reads what a haproxy.cfg says of logs, and passes over the rest. What it cannot read is a fault and costs that line
 * only. `environment` is what HAProxy would find in its own.
 */
export function readHaproxyConfig(text: string, environment: Variables = () => undefined): HaproxyConfig {
  const reader = new ConfigReader(environment);
  text.split(/\r?\n/).forEach((line, index) => {
    reader.readLine(line, index + 1);
  });
  return reader.finish();
}

interface ProxyDraft {
  readonly kind: LoggingProxy["kind"];
  readonly name: string;
  readonly line: number;
  readonly settings: ProxySettings;
}

class ConfigReader {
  readonly #variables: ConfigVariables;
  readonly #conditions = new Conditions();
  readonly #faults: ConfigFault[] = [];
  readonly #formats: FormatCollector;
  readonly #namedDefaults = new Map<string, ProxySettings>();
  #lastDefaults = NO_SETTINGS;
  #global: GlobalSettings = { targets: [], sendsHostname: false };
  readonly #proxies: ProxyDraft[] = [];
  readonly #rings: Ring[] = [];
  #section = "";
  /** Reads the lines of the present section. */
  #readSectionLine: (line: ConfigLine) => void = () => {};

  constructor(environment: Variables) {
    this.#variables = new ConfigVariables(environment);
    this.#formats = new FormatCollector((line, level, says) => this.#faults.push({ line, level, says }));
  }

  readLine(text: string, line: number): void {
    const split = splitConfigLine(text, (name) => this.#valueOf(name, line));
    if ("reason" in split) {
      this.#fault(line, `${split.reason}, at column ${split.at + 1}`);
      return;
    }
    const { words, unset } = split;
    const [first] = words;
    if (first === undefined || first === "") return;
    if (first.startsWith(".")) {
      this.#readCondition(words, line);
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
    const { logTag, sendsHostname } = this.#global;
    return {
      proxies,
      formats: this.#formats.used,
      rings: this.#rings,
      ...(logTag !== undefined && { logTag }),
      sendsHostname,
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
      targets: settings.targets.flatMap((target) => (target === "global" ? this.#global.targets : [target])),
      formats: this.#formats.ofRequests(settings.formats, user),
      errorFormats: this.#formats.ofErrors(settings.errorFormats, user),
      structuredData: this.#formats.ofStructuredData(settings.structuredData, user),
      captures,
      ...(logTag !== undefined && { logTag }),
    };
  }

  #readCondition(words: readonly string[], line: number): void {
    const wrong = this.#conditions.take(words, line);
    if (wrong !== undefined) this.#fault(line, wrong);
    else if (words[0] === ".if" && this.#conditions.branch === "maybe")
      this.#remark(line, "whether this holds is known when HAProxy starts: every branch is read as if it did");
  }

  #beginSection([keyword = "", ...args]: readonly string[], line: number): void {
    const [name = ""] = args;
    this.#section = name === "" ? keyword : name;
    this.#readSectionLine = () => {};
    switch (keyword) {
      case "global":
        this.#beginGlobal();
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
        this.#readSectionLine = (read) => this.#readLogProfile(name, read);
        break;
    }
  }

  /** Takes the lines of the present section one after another; `keep` is given what each of them makes of it. */
  #takeLines<Section extends object>(
    start: Section,
    apply: (section: Section, read: ConfigLine) => Section | string,
    keep: (section: Section) => void,
  ): void {
    let section = start;
    keep(section);
    this.#readSectionLine = (read) => {
      const applied = apply(section, read);
      if (typeof applied === "string") {
        this.#fault(read.line, applied);
        return;
      }
      section = applied;
      keep(section);
    };
  }

  #beginGlobal(): void {
    const apply = (settings: GlobalSettings, read: ConfigLine): GlobalSettings | string => {
      this.#variables.apply(read.words);
      return applyGlobal(settings, read);
    };
    this.#takeLines(this.#global, apply, (settings) => {
      this.#global = settings;
    });
  }

  /** Defaults count from the next proxy on, also where their section goes by a name. */
  #beginDefaults(args: readonly string[], line: number): void {
    const [name] = args[0] === "from" ? [] : args;
    const start = args.includes("from") ? this.#settingsFrom(args, line) : NO_SETTINGS;
    this.#takeLines(start, applyDirective, (settings) => {
      this.#lastDefaults = settings;
      if (name !== undefined) this.#namedDefaults.set(name, settings);
    });
  }

  #beginProxy(kind: LoggingProxy["kind"], args: readonly string[], line: number): void {
    const [name] = args;
    if (name === undefined) {
      this.#fault(line, `${kind} needs a name`);
      return;
    }
    const place = this.#proxies.length;
    this.#takeLines(this.#settingsFrom(args, line), applyDirective, (settings) => {
      this.#proxies[place] = { kind, name, line, settings };
    });
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

  #beginRing(name: string, line: number): void {
    const place = this.#rings.length;
    this.#takeLines(emptyRing(name, line), applyRing, (ring) => {
      this.#rings[place] = ring;
    });
  }

  /** `on close format "…" sd "…"`. */
  #readLogProfile(name: string, { words, line }: ConfigLine): void {
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
    return name === ".SECTION" ? this.#section : this.#variables.valueOf(name);
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
