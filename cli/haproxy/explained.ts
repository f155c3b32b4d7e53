import type { Captures, HaproxyConfig, LoggingProxy, UsedFormat } from "#core/haproxy/config/haproxy-config.ts";
import { ambiguities } from "#core/haproxy/log-format/ambiguities.ts";
import { describeFields, indexFields } from "#core/haproxy/log-format/index-fields.ts";
import type { LogFormat } from "#core/haproxy/log-format/log-format.ts";
import { recordSchema } from "#core/haproxy/log-format/record-schema.ts";
import type { TerminationState } from "#core/haproxy/termination-states.ts";

/** A format for programs. */
export const explainedFormat = (format: LogFormat, captures?: Captures) => ({
  name: format.name,
  text: format.text,
  shape: format.shape,
  fields: describeFields(format, captures),
  ambiguities: ambiguities(format, captures),
  remarks: format.remarks,
  schema: recordSchema(format),
  indexFields: indexFields(format),
});

/** A configuration for programs. */
export const explainedConfig = (config: HaproxyConfig) => ({
  ...config,
  proxies: config.proxies.map((proxy) => ({
    ...proxy,
    formats: namesOf(proxy.formats),
    errorFormats: namesOf(proxy.errorFormats),
    structuredData: namesOf(proxy.structuredData),
  })),
  formats: config.formats.map((used) => ({
    use: used.use,
    by: used.by,
    ...(used.captures && { captures: used.captures }),
    ...explainedFormat(used.format, used.captures),
  })),
});

const namesOf = (formats: readonly LogFormat[]): string[] => formats.map(({ name }) => name);

/** A format for people. */
export function showFormat(format: LogFormat, captures?: Captures): string {
  const fields = describeFields(format, captures);
  const width = (column: (field: (typeof fields)[number]) => string): number =>
    Math.max(0, ...fields.map((field) => column(field).length));
  const [asked, name, type] = [
    width((field) => field.asked),
    width((field) => field.name),
    width((field) => field.type),
  ];
  const rows = fields.map((field) =>
    [field.asked.padEnd(asked), field.name.padEnd(name), field.type.padEnd(type), field.says].join("  ").trimEnd(),
  );
  const notes = [
    ...ambiguities(format, captures).map(({ offset, says }) => `ambiguous at offset ${offset}: ${says}`),
    ...format.remarks.map(({ offset, says }) => `note at offset ${offset}: ${says}`),
  ];
  const shape = format.shape === "json" ? ", a JSON object" : "";
  const lines = [`${format.name}${shape}: ${format.text}`, ...indented(rows), ...indented(notes)];
  return `${lines.join("\n")}\n`;
}

const indented = (lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : ["", ...lines.map((line) => `  ${line}`)];

/** A configuration for people: who logs what, then each format once. */
export function showConfig(config: HaproxyConfig): string {
  const proxies = config.proxies.map((proxy) => `${showProxy(proxy)}\n`);
  const rings = config.rings.map(
    ({ name, line, format, servers }) =>
      `ring ${name}, line ${line}: ${format} to ${servers.map(({ address, framing }) => `${address} (${framing})`).join(", ")}\n`,
  );
  const formats = config.formats.map((used) => {
    const use = USES[used.use];
    return `\n${use}of ${used.by.join(", ")}\n${showFormat(used.format, used.captures)}`;
  });
  return [...proxies, ...rings, ...formats].join("");
}

const USES: Readonly<Record<UsedFormat["use"], string>> = {
  log: "",
  error: "failed connections ",
  "structured-data": "structured data ",
};

function showProxy({ kind, name, line, mode, targets, formats, errorFormats }: LoggingProxy): string {
  const where = `${kind} ${name}, line ${line}, mode ${mode}`;
  if (targets.length === 0) return `${where}: writes no logs`;
  const named = (ones: readonly LogFormat[]): string => namesOf(ones).join(" or ");
  const to = targets.map(({ address }) => address).join(", ");
  return `${where}: ${named(formats)}, for failed connections ${named(errorFormats)}, to ${to}`;
}

/** A termination state for people. */
export function showTermination({ state, says, culprit, advice, letters, cookie }: TerminationState): string {
  const whose = culprit === "nobody" ? "nobody's fault" : `cause: ${culprit}`;
  const lines = [
    `${state}: ${says} (${whose})`,
    ...(advice === undefined ? [] : [`  ${advice}`]),
    ...(cookie === undefined ? [] : [`  cookie: ${cookie}`]),
    "",
    ...letters.map(({ letter, says: meaning }) => `  ${letter}  ${meaning}`),
  ];
  return `${lines.join("\n")}\n`;
}
