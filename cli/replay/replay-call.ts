import { parseArgs } from "node:util";
import { parsed, pathOfCaller, typesOf, wrongCall } from "#cli/call.ts";
import { declaredTypes } from "#cli/declared-types.ts";
import { formatsOfConfigs } from "#cli/haproxy/formats-of-config.ts";
import { openSearchTarget } from "#cli/opensearch-target.ts";
import { toBounds } from "#core/events/time/timestamps.ts";
import { type EventTypeDeclaration, HAPROXY_EVENT_TYPE } from "#core/events/types/event-types.ts";
import { haproxyTypeOf } from "#core/haproxy/logs/known-format-settings.ts";
import { haproxyParser, type LineParser } from "#core/haproxy/parser/haproxy-parser.ts";
import type { OpenSearchSettings } from "#stores/opensearch/client.ts";

/** What `pulse replay` is asked to do. */
export interface ReplayCall {
  readonly archive: string;
  readonly target: OpenSearchSettings;
  /** As given; a run that is resumed keeps the instants that they meant when it began. */
  readonly since: string | undefined;
  readonly until: string | undefined;
  readonly fromMs: number | undefined;
  readonly toMs: number | undefined;
  readonly types: readonly string[];
  /** What the deployment declares of types: the fields that its documents have. */
  readonly declared: readonly EventTypeDeclaration[];
  /** How log lines are read. */
  readonly parse: LineParser;
  readonly dryRun: boolean;
  readonly stateFile: string | undefined;
}

const OPTION_OF: Readonly<Record<string, string>> = { "/gte": "--since", "/lte": "--until" };

export function readReplayCall(args: string[]): ReplayCall | "help" {
  const { values, positionals } = parsed("replay", () =>
    parseArgs({
      args,
      allowPositionals: true,
      options: {
        opensearch: { type: "string" },
        auth: { type: "string" },
        since: { type: "string" },
        until: { type: "string" },
        type: { type: "string", multiple: true },
        declared: { type: "string" },
        "haproxy-config": { type: "string", multiple: true },
        "dry-run": { type: "boolean" },
        resume: { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    }),
  );
  if (values.help) return "help";
  const { since, until, resume } = values;
  const faults: string[] = [];
  const [archive, ...others] = positionals;
  if (archive === undefined) faults.push("it takes a folder, a file or s3://bucket/prefix to replay");
  if (others.length > 0) faults.push(`it takes one archive, not also ${others.join(" and ")}`);
  const target = openSearchTarget(values, faults);
  const types = typesOf(values.type, faults);
  const declared = declaredTypes(values.declared, faults);
  const formats = formatsOfConfigs("--haproxy-config", values["haproxy-config"], faults);
  const bounds = toBounds({ gte: since, lte: until }, Date.now());
  if ("faults" in bounds) faults.push(...bounds.faults.map(({ pointer, detail }) => `${OPTION_OF[pointer]} ${detail}`));
  else if ((bounds.fromMs ?? -Infinity) > (bounds.toMs ?? Infinity)) faults.push("--since lies after --until");
  if (archive === undefined || target === undefined || "faults" in bounds || faults.length > 0)
    throw wrongCall("replay", faults);
  return {
    archive,
    target,
    since,
    until,
    fromMs: bounds.fromMs,
    toMs: bounds.toMs,
    types,
    declared: declared.map((type) => (type.name === HAPROXY_EVENT_TYPE ? haproxyTypeOf(formats, declared) : type)),
    parse: haproxyParser({ formats }),
    dryRun: values["dry-run"] ?? false,
    stateFile: resume === undefined ? undefined : pathOfCaller(resume),
  };
}
