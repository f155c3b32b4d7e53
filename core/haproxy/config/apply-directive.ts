import type { ConfigLine } from "#core/haproxy/config/config-line.ts";
import { readLogTarget } from "#core/haproxy/config/log-target.ts";
import { optionFormat, type ProxySettings } from "#core/haproxy/config/proxy-settings.ts";

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

type Formats = "formats" | "errorFormats" | "structuredData";

function applyFormat(
  settings: ProxySettings,
  which: Formats,
  [text, next]: readonly string[],
  { words, line, isMaybe }: ConfigLine,
): ProxySettings | string {
  if (text === undefined || text === "") return `${words[0]} needs a format`;
  if (next !== undefined)
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
  if (variant !== undefined && !(takesClf && variant === "clf" && more === undefined))
    return `option ${option} takes ${takesClf ? "clf or nothing" : "nothing"} more`;
  const name = variant === undefined ? option : option === "httplog" ? "clf" : "tcplog-clf";
  return { ...settings, formats: [...(isMaybe ? settings.formats : []), optionFormat(name, line)] };
}

/** Each capture takes the next place among those of its direction; one with an id fills a declared place. */
function applyCapture(settings: ProxySettings, words: readonly string[]): ProxySettings {
  const { captures } = settings;
  const add = (direction: "request" | "response", what: string): ProxySettings => ({
    ...settings,
    captures: { ...captures, [direction]: [...captures[direction], what] },
  });
  const [first, second, third, fourth] = words;
  if (first === "capture") {
    if (second === "cookie" && third !== undefined)
      return { ...settings, captures: { ...captures, cookie: third.replace(/=$/, "") } };
    const isHeader = (second === "request" || second === "response") && third === "header" && fourth !== undefined;
    return isHeader ? add(second, fourth) : settings;
  }
  if (first === "declare")
    return second === "capture" && (third === "request" || third === "response") ? add(third, "") : settings;

  const action = words.indexOf("capture");
  const isAction = action === 1 || (first === "tcp-request" && second === "content" && action === 2);
  const what = words[action + 1];
  if (!isAction || what === undefined) return settings;
  const direction = first === "http-response" ? "response" : "request";
  const id = words.indexOf("id", action);
  if (id < 0) return add(direction, what);
  const place = Number(words[id + 1]);
  const filled = captures[direction].map((before, index) => (index === place ? what : before));
  return { ...settings, captures: { ...captures, [direction]: filled } };
}
