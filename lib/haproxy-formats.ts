import { readFileSync } from "node:fs";
import { Annotations } from "aws-cdk-lib";
import type { IConstruct } from "constructs";
import { DEFAULT_EVENT_TYPES, type EventTypeDeclaration, HAPROXY_EVENT_TYPE } from "#core/events/types/event-types.ts";
import { knownFormatsOf } from "#core/haproxy/config/known-formats.ts";
import { readHaproxyConfig } from "#core/haproxy/config/read-haproxy-config.ts";
import { haproxyTypeOf, toFormatSetting } from "#core/haproxy/logs/known-format-settings.ts";
import type { KnownFormat } from "#core/haproxy/parser/haproxy-parser.ts";

/**
 * The log-formats of haproxy.cfg files, read while stacks are made: nothing else of the files, which hold passwords,
 * goes into the deployment. What of them cannot be read is a warning. Throws for a file that is not there.
 */
export const readHaproxyFormats = (scope: IConstruct, files: readonly string[]): readonly KnownFormat[] =>
  files.flatMap((file) => {
    const config = readHaproxyConfig(textOf(file), (name) => process.env[name]);
    for (const { line, level, says } of config.faults)
      if (level === "error")
        Annotations.of(scope).addWarningV2(`pulse:haproxyConfig:${line}`, `${file}:${line}: ${says}`);
    return knownFormatsOf(config);
  });

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new Error(`haproxyConfig ${file} cannot be read: ${(cause as Error).message}`, { cause });
  }
}

const FILE = "haproxy-formats.json";

/** How a function is told of them: in a file beside its bundle, as all its variables together may have 4 KB. */
export function toldOfFormats(formats: readonly KnownFormat[] = []): {
  readonly environment: { readonly PULSE_HAPROXY_FORMATS_FILE?: string };
  readonly files?: Readonly<Record<string, string>>;
} {
  if (formats.length === 0) return { environment: {} };
  return {
    environment: { PULSE_HAPROXY_FORMATS_FILE: FILE },
    files: { [FILE]: JSON.stringify(formats.map(toFormatSetting)) },
  };
}

/** The types of a deployment; what these formats have beyond HAProxy's own fields can be asked for, too. */
export function withFormatFields(
  formats: readonly KnownFormat[] = [],
  types: readonly EventTypeDeclaration[] = DEFAULT_EVENT_TYPES,
): readonly EventTypeDeclaration[] {
  if (formats.length === 0) return types;
  return types.map((type) => (type.name === HAPROXY_EVENT_TYPE ? haproxyTypeOf(formats, types) : type));
}
