import { existsSync, readFileSync, statSync } from "node:fs";
import { parseArgs } from "node:util";
import { parsed, pathOfCaller, wrongCall } from "#cli/call.ts";
import { explainedConfig, explainedFormat, showConfig, showFormat, showTermination } from "#cli/haproxy/explained.ts";
import { readHaproxyConfig } from "#core/haproxy/config/read-haproxy-config.ts";
import { splitConfigLine } from "#core/haproxy/config/split-config-line.ts";
import { builtInFormats } from "#core/haproxy/log-format/built-in-formats.ts";
import type { LogFormat } from "#core/haproxy/log-format/log-format.ts";
import { LogFormatError } from "#core/haproxy/log-format/log-format-error.ts";
import { readLogFormat } from "#core/haproxy/log-format/read-log-format.ts";
import { explainTermination, looksLikeTermination } from "#core/haproxy/termination-states.ts";

const HELP = `Says what a log line of HAProxy holds, or why a session ended.

  pulse haproxy explain <log-format | haproxy.cfg | termination state> [options]

  --json    for programs; of formats also the JSON Schema of their records, and the fields as they are indexed
  --help

A log-format is given as haproxy.cfg has it, or by a name:
${builtInFormats()
  .map(({ name }) => name)
  .join(", ")}.
It ends with 0 when all could be read, with 1 when something could not.

Examples: pulse haproxy explain cD--
          pulse haproxy explain '%ci:%cp [%tr] %ft %ST %{+Q}r'
          pulse haproxy explain /etc/haproxy/haproxy.cfg --json
`;

/** `pulse haproxy explain`. */
export function explain(args: string[]): void {
  const { values, positionals } = parsed("haproxy explain", () => parse(args));
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const [asked, ...others] = positionals;
  if (asked === undefined || others.length > 0)
    throw wrongCall("haproxy explain", [
      "give one log-format, haproxy.cfg or termination state; quote what holds spaces",
    ]);
  explainAsked(asked, values.json === true);
}

/** States begin with dashes, as options do: `--VN` is one, and `--` is when nothing else is asked. */
function parse(args: string[]) {
  const isState = (arg: string, index: number): boolean =>
    arg.startsWith("-") && explainTermination(arg) !== undefined && (arg !== "--" || index === args.length - 1);
  const { values, positionals } = parseArgs({
    args: args.filter((arg, index) => !isState(arg, index)),
    allowPositionals: true,
    options: { json: { type: "boolean" }, help: { type: "boolean" } },
  });
  return { values, positionals: [...positionals, ...args.filter(isState)] };
}

/** What holds a percent sign is a format; else a file goes before names and states. */
function explainAsked(asked: string, isJson: boolean): void {
  const builtIn = builtInFormats().find(({ name }) => name === asked);
  if (asked.includes("%")) explainFormat(asked, isJson);
  else if (isFile(asked)) explainConfig(asked, isJson);
  else if (builtIn !== undefined) print(builtIn, isJson);
  else if (looksLikeTermination(asked)) explainState(asked, isJson);
  else if (isFolder(asked)) throw wrongCall("haproxy explain", [`"${asked}" is a folder: name one of its files`]);
  else throw wrongCall("haproxy explain", [`"${asked}" is no log-format, no file and no termination state`]);
}

function explainFormat(asked: string, isJson: boolean): void {
  try {
    print(readLogFormat("log-format", textOf(asked)), isJson);
  } catch (error) {
    if (!(error instanceof LogFormatError)) throw error;
    fail(error.message);
  }
}

/** The format of a whole line of haproxy.cfg, too. */
function textOf(asked: string): string {
  if (!/^\s*(?:error-log-format|log-format|log-format-sd)\s/.test(asked)) return asked;
  const split = splitConfigLine(asked, () => undefined);
  if ("reason" in split) throw new LogFormatError(split.reason, asked, split.at);
  return split.words[1] ?? "";
}

const print = (format: LogFormat, isJson: boolean): void =>
  write(isJson ? json(explainedFormat(format)) : showFormat(format));

function explainConfig(path: string, isJson: boolean): void {
  const config = readHaproxyConfig(readFileSync(pathOfCaller(path), "utf8"), (name) => process.env[name]);
  write(isJson ? json(explainedConfig(config)) : showConfig(config) || `${path} has no section that logs\n`);
  for (const { line, level, says } of config.faults)
    process.stderr.write(`${path}:${line}: ${level === "remark" ? "note: " : ""}${says}\n`);
  if (config.faults.some(({ level }) => level === "error")) process.exitCode = 1;
}

function explainState(state: string, isJson: boolean): void {
  const explained = explainTermination(state);
  if (explained === undefined) fail(`HAProxy has no termination state "${state}"`);
  else write(isJson ? json(explained) : showTermination(explained));
}

/** What a shell's `<(…)` names counts too: a pipe. */
const isFile = (path: string): boolean => isThere(path) && !isFolder(path);
const isFolder = (path: string): boolean => isThere(path) && statSync(pathOfCaller(path)).isDirectory();
const isThere = (path: string): boolean => path !== "" && existsSync(pathOfCaller(path));

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

const write = (text: string): void => {
  process.stdout.write(text);
};

function fail(reason: string): void {
  process.stderr.write(`pulse: ${reason}\n`);
  process.exitCode = 1;
}
