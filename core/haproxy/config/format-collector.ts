import type { Captures, ConfigFault, FormatUse, UsedFormat } from "#core/haproxy/config/haproxy-config.ts";
import { type FormatLine, formatLineOf } from "#core/haproxy/config/proxy-settings.ts";
import { LOG_ALIASES } from "#core/haproxy/log-format/aliases.ts";
import {
  type FormatOption,
  fixedFormats,
  optionFormats,
  vampFormats,
} from "#core/haproxy/log-format/built-in-formats.ts";
import { fieldsOf, type LogFormat } from "#core/haproxy/log-format/log-format.ts";
import { LogFormatError } from "#core/haproxy/log-format/log-format-error.ts";
import { readLogFormat } from "#core/haproxy/log-format/read-log-format.ts";
import { once } from "#core/once.ts";

type Report = (line: number, level: ConfigFault["level"], says: string) => void;

/** What `option httplog` and the like give way to where requests are not read. */
const IN_MODE_TCP = {
  httplog: "tcplog",
  httpslog: "tcplog",
  clf: "tcplog-clf",
  tcplog: "tcplog",
  "tcplog-clf": "tcplog-clf",
} as const satisfies Record<FormatOption, FormatOption>;

const knownFormats = once((): readonly LogFormat[] => [...optionFormats(), ...vampFormats()]);

const fixed = (name: string): LogFormat => fixedFormats().find((format) => format.name === name) as LogFormat;

/** Who uses a format. */
export interface FormatUser {
  readonly name: string;
  readonly mode: string;
  readonly captures?: Captures;
}

/** Reads each format of a configuration once, and keeps who uses it. */
export class FormatCollector {
  readonly #report: Report;
  readonly #used = new Map<string, { format: LogFormat; use: FormatUse; by: FormatUser[] }>();
  /** By their lines, which defaults pass on to many; undefined where it is no format, which is told once. */
  readonly #read = new Map<string, LogFormat | undefined>();

  constructor(report: Report) {
    this.#report = report;
  }

  get used(): readonly UsedFormat[] {
    return [...this.#used.values()].map(({ format, use, by }) => {
      const captures = commonCaptures(by);
      return { format, use, by: by.map(({ name }) => name), ...(captures !== undefined && { captures }) };
    });
  }

  ofRequests(lines: readonly FormatLine[], user: FormatUser): readonly LogFormat[] {
    const inMode = user.mode === "http" ? lines : lines.map((line) => this.#inModeTcp(line));
    return this.#of(inMode, "log", user, fixed("default"));
  }

  ofErrors(lines: readonly FormatLine[], user: FormatUser): readonly LogFormat[] {
    return this.#of(lines, "error", user, fixed("connerror"));
  }

  ofStructuredData(lines: readonly FormatLine[], user: FormatUser): readonly LogFormat[] {
    return this.#of(lines, "structured-data", user);
  }

  ofProfile(line: FormatLine, profile: string, use: FormatUse): void {
    this.#of([line], use, { name: `log-profile ${profile}`, mode: "http" });
  }

  #inModeTcp(format: FormatLine): FormatLine {
    const { option, line } = format;
    if (option === undefined || IN_MODE_TCP[option] === option) return format;
    this.#report(line, "remark", `${option} needs mode http: in mode tcp HAProxy writes ${IN_MODE_TCP[option]}`);
    return formatLineOf(IN_MODE_TCP[option], line);
  }

  /** The formats of these lines; what HAProxy writes where there are none. */
  #of(lines: readonly FormatLine[], use: FormatUse, user: FormatUser, otherwise?: LogFormat): readonly LogFormat[] {
    const formats = lines.flatMap((line) => {
      const format = this.#readOnce(line, use);
      if (format === undefined) return [];
      if (user.mode !== "http") this.#reportHttpOnly(format, line.line, user);
      return [format];
    });
    if (lines.length === 0 && otherwise !== undefined) formats.push(otherwise);
    for (const format of formats) this.#note(format, use, user);
    return formats;
  }

  #note(format: LogFormat, use: FormatUse, user: FormatUser): void {
    const counts = hasHeaderLists(format) ? `${user.captures?.request.length}/${user.captures?.response.length}` : "";
    const key = `${use} ${counts} ${format.text}`;
    const used = this.#used.get(key);
    if (used === undefined) this.#used.set(key, { format, use, by: [user] });
    else if (!used.by.some(({ name }) => name === user.name)) used.by.push(user);
  }

  #readOnce({ text, line }: FormatLine, use: FormatUse): LogFormat | undefined {
    const key = `${line} ${use} ${text}`;
    if (this.#read.has(key)) return this.#read.get(key);
    const format = this.#tryToRead(text, line, use);
    this.#read.set(key, format);
    return format;
  }

  #tryToRead(text: string, line: number, use: FormatUse): LogFormat | undefined {
    const read = (name: string): LogFormat => readLogFormat(name, text);
    try {
      const format = named(read, use);
      for (const { offset, says } of format.remarks) this.#report(line, "remark", `at offset ${offset}: ${says}`);
      return format;
    } catch (error) {
      if (!(error instanceof LogFormatError)) throw error;
      this.#report(line, "error", error.message);
      return undefined;
    }
  }

  #reportHttpOnly(format: LogFormat, line: number, { name, mode }: FormatUser): void {
    const names = fieldsOf(format).flatMap(({ alias }) =>
      alias !== undefined && LOG_ALIASES[alias]?.only === "http" ? [`%${alias}`] : [],
    );
    if (names.length > 0)
      this.#report(line, "remark", `${name} is in mode ${mode}, in which HAProxy refuses ${names.join(" ")}`);
  }
}

const hasHeaderLists = (format: LogFormat): boolean =>
  fieldsOf(format).some(({ value }) => value.kind === "header-list");

function commonCaptures(users: readonly FormatUser[]): Captures | undefined {
  const [first, ...others] = users.map(({ captures }) => captures);
  return others.every((captures) => JSON.stringify(captures) === JSON.stringify(first)) ? first : undefined;
}

/** Formats are named by what they are, and else by their use. */
function named(read: (name: string) => LogFormat, use: FormatUse): LogFormat {
  if (use === "error") return read("error-log-format");
  if (use === "structured-data") return read("log-format-sd");
  const format = read("custom");
  const known = knownFormats().find((one) => isAlike(one, format));
  if (known !== undefined) return { ...format, name: known.name };
  return format.shape === "json" ? { ...format, name: "json" } : format;
}

/** Whether both print the same, though spaces and flags may be written otherwise. */
const isAlike = (one: LogFormat, other: LogFormat): boolean => printedBy(one) === printedBy(other);

const printedBy = ({ parts }: LogFormat): string =>
  JSON.stringify(parts.map((part) => ("literal" in part ? part : [part.name, part.value])));
