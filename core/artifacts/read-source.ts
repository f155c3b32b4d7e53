import type { SourceFormat } from "#core/artifacts/artifact.ts";
import { invalidInput, PulseError } from "#core/errors.ts";
import { quote } from "#core/faults.ts";
import { isRecord, parseJson } from "#core/json.ts";

/** What a source says: an object, or a list. */
export type SourceValue = Readonly<Record<string, unknown>> | readonly unknown[];

const FORMATS: ReadonlyMap<string, SourceFormat> = new Map([
  ["application/json", "json"],
  ["application/yaml", "yaml"],
  ["application/x-yaml", "yaml"],
  ["text/yaml", "yaml"],
]);

/** RFC 8259 and RFC 9512. */
export const MEDIA_TYPE: Readonly<Record<SourceFormat, string>> = {
  json: "application/json",
  yaml: "application/yaml",
};

/** All names of YAML. */
export const YAML_TYPES = [...FORMATS.keys()].filter((type) => FORMATS.get(type) === "yaml");

/** How a body of that media type is written; without one it is JSON. Throws `unsupported-media-type`. */
export function formatOf(mediaType: string): SourceFormat {
  const format = FORMATS.get(mediaType === "" ? MEDIA_TYPE.json : mediaType);
  if (format !== undefined) return format;
  throw new PulseError(
    "unsupported-media-type",
    `the body is ${mediaType}; artifacts are taken as ${[...FORMATS.keys()].join(", ")} (with curl: -H 'content-type: application/yaml')`,
  );
}

// A mark of byte order is a part of the source: it is kept byte for byte.
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The text of a body. Throws `invalid-input` where it is not UTF-8. */
export function decodeSource(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    const detail = "is not valid UTF-8";
    throw new PulseError("invalid-input", `the body ${detail}`, { faults: [{ pointer: "", detail }], cause });
  }
}

/** What the source of an artifact says. Throws `invalid-input` with every fault. */
export async function readSource(source: string, format: SourceFormat, name: string): Promise<SourceValue> {
  const value = await parseSource(source, format);
  if (isRecord(value) && Object.hasOwn(value, "name") && value.name !== name)
    throw invalidInput([
      { pointer: "/name", detail: `must be the name in the path, ${quote(name)}, not ${quote(value.name)}` },
    ]);
  return value;
}

/** The same without comparing its name, for a source that was checked when it was put. */
export async function parseSource(source: string, format: SourceFormat): Promise<SourceValue> {
  const value = format === "json" ? parseJson(source) : await parseYaml(source);
  if (isRecord(value) || Array.isArray(value)) return value;
  throw invalidInput([{ pointer: "", detail: `must be an object or a list, not ${quote(value)}` }]);
}

/**
 * The library is loaded with the first source in YAML: most processes meet none,
 * and it is a fifth of what they would load.
 */
async function parseYaml(source: string): Promise<unknown> {
  const yaml = await import("#core/artifacts/yaml-source.ts");
  return yaml.parseYaml(source);
}
