import type { HaproxyConfig, LoggingProxy } from "#core/haproxy/config/haproxy-config.ts";
import type { LogFormat } from "#core/haproxy/log-format/log-format.ts";
import type { KnownFormat } from "#core/haproxy/parser/haproxy-parser.ts";
import type { HeaderCounts } from "#core/haproxy/parser/line-template.ts";

/** The formats that lines of this configuration can have, each with its frontends and what they capture. */
export function knownFormatsOf({ proxies, formats }: HaproxyConfig): KnownFormat[] {
  const known = new Map<string, KnownFormat>();
  const add = (format: LogFormat, frontends: readonly string[], captures?: HeaderCounts): void => {
    const key = JSON.stringify([format.text, captures]);
    known.set(key, { format, captures, frontends: [...(known.get(key)?.frontends ?? []), ...frontends] });
  };
  for (const proxy of proxies)
    for (const format of [...proxy.formats, ...proxy.errorFormats]) add(format, [proxy.name], countsOf(proxy));
  const taken = new Set([...known.values()].map(({ format }) => format.text));
  for (const { format, use } of formats) if (use !== "structured-data" && !taken.has(format.text)) add(format, []);
  return [...known.values()];
}

const countsOf = ({ captures }: LoggingProxy): HeaderCounts => ({
  request: captures.request.length,
  response: captures.response.length,
});
