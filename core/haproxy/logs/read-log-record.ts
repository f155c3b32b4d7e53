import type { Fault } from "#core/errors.ts";
import { toFaults } from "#core/faults.ts";
import type { LogLine, LogOrigin, LogRecord } from "#core/haproxy/logs/log-record.ts";
import { isId, isInstant, isShortEnough, isSource, logRecordSchema } from "#core/haproxy/logs/log-record-schema.ts";
import { isZone } from "#core/haproxy/parser/local-time.ts";
import { isNamespace } from "#core/namespaces.ts";

/** What a transport knows of the records it carries, where they do not say it themselves. */
export type LogDefaults = Partial<LogOrigin & Pick<LogLine, "zone">>;

/**
 * Reads one line of NDJSON. What it lacks is taken from `defaults`; all that is wrong with it is told, by JSON
 * pointer.
 */
export function readLogRecord(
  text: string,
  defaults: LogDefaults = {},
): { readonly record: LogRecord } | { readonly faults: readonly Fault[] } {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return { faults: [{ pointer: "", detail: `is no JSON: ${(error as Error).message}` }] };
  }
  const line = toPlainLine(json, defaults);
  if (line !== undefined) return { record: line };
  const read = logRecordSchema().safeParse(withDefaults(json, defaults));
  if (!read.success) return { faults: toFaults(read.error, "is no member of a log record") };
  return { record: read.data as LogRecord };
}

/** The record of a line that has all of it. Throws a SyntaxError that tells all that is wrong. */
export function fromLogRecordLine(text: string): LogRecord {
  const read = readLogRecord(text);
  if ("record" in read) return read.record;
  throw new SyntaxError(
    `not a log record: ${read.faults.map(({ pointer, detail }) => `${pointer} ${detail}`).join("; ")}`,
  );
}

function withDefaults(json: unknown, { zone, ...origin }: LogDefaults): unknown {
  if (typeof json !== "object" || json === null || Array.isArray(json)) return json;
  return { ...origin, ...(zone !== undefined && !("receipt" in json) && { zone }), ...json };
}

const PLAIN_MEMBERS: ReadonlySet<string> = new Set(["id", "at", "namespace", "source", "zone", "line"]);

/**
 * Nearly every record is a line of text with nothing wrong. A quick look tells it at a tenth of what the schema
 * costs, and takes nothing that the schema would not; undefined leaves it to the schema.
 */
export function toPlainLine(json: unknown, defaults: LogDefaults): LogLine | undefined {
  if (typeof json !== "object" || json === null) return undefined;
  for (const member in json) if (!PLAIN_MEMBERS.has(member)) return undefined;
  const given: Partial<Record<string, unknown>> = json as Record<string, unknown>;
  const {
    id = defaults.id,
    at = defaults.at,
    namespace = defaults.namespace,
    source = defaults.source,
    zone = defaults.zone,
    line,
  } = given;
  if (typeof id !== "string" || typeof at !== "string" || typeof namespace !== "string") return undefined;
  if (typeof source !== "string" || typeof zone !== "string" || typeof line !== "string") return undefined;
  if (!isId(id) || !isInstant(at) || !isShortEnough(line)) return undefined;
  if (!isNamespace(namespace) || !isSource(source) || !isZone(zone)) return undefined;
  return { id, at, namespace, source, zone, line };
}
