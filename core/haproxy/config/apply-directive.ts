import type { ConfigLine } from "#core/haproxy/config/config-line.ts";
import type { Captures } from "#core/haproxy/config/haproxy-config.ts";
import { readLogTarget } from "#core/haproxy/config/log-target.ts";
import { formatLineOf, type ProxySettings } from "#core/haproxy/config/proxy-settings.ts";

/** The settings after a line; a sentence where HAProxy would refuse it. What says nothing of logs changes nothing. */
export function applyDirective(settings: ProxySettings, read: ConfigLine): ProxySettings | string {
  const [first, ...args] = read.words;
  switch (first) {
    case "mode":
      return { ...settings, mode: args[0] ?? settings.mode };
    case "log":
      return applyLog(settings, args, read);
    case "no":
      return args[0] === "log" && !read.isMaybe ? { ...settings, targets: [] } : settings;
    case "option":
      return applyOption(settings, args, read);
    case "log-format":
      return applyFormat(settings, "formats", args, read);
    case "error-log-format":
      return applyFormat(settings, "errorFormats", args, read);
    case "log-format-sd":
      return applyFormat(settings, "structuredData", args, read);
    case "log-tag":
      return args[0] === undefined ? "log-tag needs a tag" : { ...settings, logTag: args[0] };
    case "capture":
    case "declare":
    case "http-request":
    case "http-response":
    case "tcp-request":
      return applyCapture(settings, read.words);
    default:
      return settings;
  }
}

function applyLog(settings: ProxySettings, args: readonly string[], { line }: ConfigLine): ProxySettings | string {
  if (args.length === 1 && args[0] === "global") {
    return settings.targets.includes("global") ? settings : { ...settings, targets: [...settings.targets, "global"] };
  }
  const target = readLogTarget(args, line);
  return typeof target === "string" ? target : { ...settings, targets: [...settings.targets, target] };
}

/** An empty word (`""`) ends what HAProxy reads of a line, as if there were no more. */
const isMore = (word: string | undefined): boolean => word !== undefined && word !== "";

type Formats = "formats" | "errorFormats" | "structuredData";

function applyFormat(
  settings: ProxySettings,
  which: Formats,
  [text, next]: readonly string[],
  { words, line, isMaybe }: ConfigLine,
): ProxySettings | string {
  if (text === undefined || text === "") return `${words[0]} needs a format`;
  if (isMore(next))
    return `${words[0]} takes one word: quote the format, or write a backslash before each space (it ends before "${next}")`;
  return { ...settings, [which]: [...(isMaybe ? settings[which] : []), { text, line }] };
}

function applyOption(
  settings: ProxySettings,
  [option, variant, more]: readonly string[],
  { line, isMaybe }: ConfigLine,
): ProxySettings | string {
  if (option !== "httplog" && option !== "tcplog" && option !== "httpslog") return settings;
  const takesClf = option !== "httpslog";
  if (isMore(variant) && !(takesClf && variant === "clf" && !isMore(more)))
    return `option ${option} takes ${takesClf ? "clf or nothing" : "nothing"} more`;
  const name = !isMore(variant) ? option : option === "httplog" ? "clf" : "tcplog-clf";
  return { ...settings, formats: [...(isMaybe ? settings.formats : []), formatLineOf(name, line)] };
}

/** Each capture takes the next place among those of its direction; one with an id fills a declared place. */
function applyCapture(settings: ProxySettings, words: readonly string[]): ProxySettings {
  const captures = { ...settings.captures, ...capturedCookie(words) };
  const captured = capturedHeader(words);
  if (captured === undefined) return { ...settings, captures };
  const { direction, what, place } = captured;
  const before = captures[direction];
  const after = place === undefined ? [...before, what] : before.map((one, index) => (index === place ? what : one));
  return { ...settings, captures: { ...captures, [direction]: after } };
}

function capturedCookie([first, second, name]: readonly string[]): Pick<Captures, "cookie"> | undefined {
  const isCookie = first === "capture" && second === "cookie" && name !== undefined;
  return isCookie ? { cookie: name.replace(/=$/, "") } : undefined;
}

interface CapturedHeader {
  readonly direction: "request" | "response";
  readonly what: string;
  readonly place?: number;
}

function capturedHeader(words: readonly string[]): CapturedHeader | undefined {
  const [first, second, third, fourth] = words;
  if (first === "capture")
    return isDirection(second) && third === "header" && fourth !== undefined
      ? { direction: second, what: fourth }
      : undefined;
  if (first === "declare")
    return second === "capture" && isDirection(third) ? { direction: third, what: "" } : undefined;

  const action = first === "tcp-request" && second === "content" ? 2 : 1;
  const what = words[action + 1];
  if (words[action] !== "capture" || what === undefined) return undefined;
  const direction = first === "http-response" ? "response" : "request";
  const id = words.indexOf("id", action);
  return id < 0 ? { direction, what } : { direction, what, place: Number(words[id + 1]) };
}

const isDirection = (word: string | undefined): word is CapturedHeader["direction"] =>
  word === "request" || word === "response";
