import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { defaultFolder, isHttpUrl, parsed, pathOfCaller, wrongCall } from "#cli/call.ts";
import { declaredTypes } from "#cli/declared-types.ts";
import { openSearchTarget } from "#cli/opensearch-target.ts";
import type { EventTypeDeclaration } from "#core/events/types/event-types.ts";
import * as z from "#core/zod.ts";
import type { OpenSearchSettings } from "#stores/opensearch/client.ts";

/** What is to be looked at. */
export interface Targets {
  readonly folder?: string;
  readonly serverUrl: string;
  readonly openSearch?: OpenSearchSettings;
  /** The types whose templates it should have. @default - the default ones */
  readonly declared?: readonly EventTypeDeclaration[];
  readonly domain?: string;
  /** The Kinesis stream of events, and that of gateways' log lines. */
  readonly stream?: string;
  readonly haproxyLogs?: string;
  readonly deadLetters?: string;
  readonly archive?: string;
  readonly keysTable?: string;
  readonly artifactsTable?: string;
}

export interface DoctorCall {
  readonly targets: Targets;
  readonly json: boolean;
}

const LOCAL_SERVER = "http://127.0.0.1:3000";

/** What the command was asked; throws a UsageError that names all that is wrong with it. */
export function readDoctorCall(args: string[]): DoctorCall | "help" {
  const given = parsed("doctor", () => parse(args));
  if (given.help) return "help";
  const faults: string[] = [];
  const deployed = given.outputs === undefined ? {} : readOutputs(given.outputs, faults);
  const options = { ...deployed, ...given };
  const openSearch = options.opensearch === undefined ? undefined : openSearchTarget(options, faults);
  const declared = declaredTypes(given.declared, faults);
  for (const option of ["auth", "declared"] as const)
    if (given[option] !== undefined && options.opensearch === undefined)
      faults.push(`--${option} goes with --opensearch`);
  if (given.server !== undefined && !isHttpUrl(given.server))
    faults.push(`--server takes a URL like ${LOCAL_SERVER}, not "${given.server}"`);
  if (faults.length > 0) throw wrongCall("doctor", faults);
  const { domain, stream, archive } = options;
  const {
    "haproxy-logs": haproxyLogs,
    "dead-letters": deadLetters,
    keys: keysTable,
    artifacts: artifactsTable,
  } = options;
  const elsewhere = [openSearch, domain, stream, haproxyLogs, deadLetters, archive, keysTable, artifactsTable];
  const isLocal = elsewhere.every((target) => target === undefined);
  const localFolder = isLocal ? defaultFolder() : undefined;
  const folder = given.data === undefined ? localFolder : pathOfCaller(given.data);
  return {
    targets: {
      serverUrl: given.server?.replace(/\/$/, "") ?? LOCAL_SERVER,
      ...(folder !== undefined && { folder }),
      ...(openSearch !== undefined && { openSearch, declared }),
      ...(domain !== undefined && { domain }),
      ...(stream !== undefined && { stream }),
      ...(haproxyLogs !== undefined && { haproxyLogs }),
      ...(deadLetters !== undefined && { deadLetters }),
      ...(archive !== undefined && { archive }),
      ...(keysTable !== undefined && { keysTable }),
      ...(artifactsTable !== undefined && { artifactsTable }),
    },
    json: given.json ?? false,
  };
}

const parse = (args: string[]) =>
  parseArgs({
    args,
    options: {
      data: { type: "string" },
      server: { type: "string" },
      outputs: { type: "string" },
      opensearch: { type: "string" },
      auth: { type: "string" },
      declared: { type: "string" },
      domain: { type: "string" },
      stream: { type: "string" },
      "haproxy-logs": { type: "string" },
      "dead-letters": { type: "string" },
      archive: { type: "string" },
      keys: { type: "string" },
      artifacts: { type: "string" },
      json: { type: "boolean" },
      help: { type: "boolean", short: "h" },
    },
  }).values;

/** What `cdk deploy --outputs-file` writes: of each stack its outputs by name. */
const outputsFile = z.record(z.string(), z.record(z.string(), z.string()));

/** The options that the outputs of a deployment stand for. */
function readOutputs(file: string, faults: string[]): Record<string, string> {
  let outputs: Readonly<Record<string, string>>;
  try {
    const stacks = outputsFile.parse(JSON.parse(readFileSync(pathOfCaller(file), "utf8")));
    outputs = Object.assign({}, ...Object.values(stacks));
  } catch (error) {
    const reason = error instanceof z.core.$ZodError ? "it is not what cdk deploy writes" : (error as Error).message;
    faults.push(`--outputs ${file} cannot be read: ${reason}`);
    return {};
  }
  const options = {
    opensearch: outputs.OpenSearchUrl,
    domain: outputs.DomainName,
    stream: outputs.EventsStream,
    "haproxy-logs": outputs.HaproxyLogsStream,
    "dead-letters": outputs.DeadLettersBucket && `s3://${outputs.DeadLettersBucket}`,
    archive: outputs.ArchiveBucket && `s3://${outputs.ArchiveBucket}`,
    keys: outputs.KeysTable,
    artifacts: outputs.ArtifactsTable,
  };
  const said = Object.entries(options).filter((option): option is [string, string] => Boolean(option[1]));
  if (said.length === 0) faults.push(`--outputs ${file} has no output of a Pulse`);
  return Object.fromEntries(said);
}
