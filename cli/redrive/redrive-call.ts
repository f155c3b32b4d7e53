import { parseArgs } from "node:util";
import { parsed, pathOfCaller, typesOf, wrongCall } from "#cli/call.ts";

/** What `pulse redrive` is asked to do. */
export interface RedriveCall {
  readonly place: string;
  /** Whether it was named, and is not only where a local server has its own. */
  readonly isNamed: boolean;
  readonly stream: string | undefined;
  readonly haproxyLogs: string | undefined;
  readonly data: string | undefined;
  readonly types: readonly string[];
  readonly reason: string;
  readonly dryRun: boolean;
}

export function readRedriveCall(args: string[]): RedriveCall | "help" {
  const { values, positionals } = parsed("redrive", () =>
    parseArgs({
      args,
      allowPositionals: true,
      options: {
        stream: { type: "string" },
        "haproxy-logs": { type: "string" },
        data: { type: "string" },
        type: { type: "string", multiple: true },
        reason: { type: "string" },
        "dry-run": { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    }),
  );
  if (values.help) return "help";
  const { stream, "haproxy-logs": haproxyLogs, data, reason = "", "dry-run": dryRun = false } = values;
  const streams = { stream, "haproxy-logs": haproxyLogs };
  const isStreamed = Object.values(streams).some((name) => name !== undefined);
  const faults: string[] = [];
  const [place = data, ...others] = positionals;
  if (place === undefined) faults.push("it takes a folder, a file or s3://bucket/prefix with dead letters");
  if (others.length > 0) faults.push(`it takes one place, not also ${others.join(" and ")}`);
  if (!isStreamed && data === undefined && !dryRun) faults.push("one of --stream, --haproxy-logs and --data is needed");
  if (isStreamed && data !== undefined) faults.push("streams and --data exclude each other");
  for (const [option, name] of Object.entries(streams))
    if (name === "") faults.push(`--${option} takes the name of a stream`);
  if (data === "") faults.push("--data takes a folder");
  const types = typesOf(values.type, faults);
  if (place === undefined || faults.length > 0) throw wrongCall("redrive", faults);
  return {
    place,
    isNamed: positionals.length > 0,
    stream,
    haproxyLogs,
    data: data === undefined ? undefined : pathOfCaller(data),
    types,
    reason,
    dryRun,
  };
}
