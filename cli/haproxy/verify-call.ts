import { parseArgs } from "node:util";
import { type ApiTarget, apiTarget } from "#cli/api-target.ts";
import { parsed, wrongCall } from "#cli/call.ts";
import { openSearchTarget } from "#cli/opensearch-target.ts";
import { toBounds } from "#core/events/time/timestamps.ts";
import { DEFAULT_NAMESPACE, isNamespace } from "#core/namespaces.ts";
import type { OpenSearchSettings } from "#stores/opensearch/client.ts";

/** What `pulse haproxy verify` is asked to do. */
export interface VerifyCall {
  readonly fromMs: number;
  readonly toMs: number;
  readonly gateway: string | undefined;
  readonly namespace: string;
  readonly place: VerifiedPlace;
  readonly isExact: boolean;
  readonly waitMs: number;
  readonly json: boolean;
}

/** Where events are looked for. */
export type VerifiedPlace = ApiTarget | { readonly openSearch: OpenSearchSettings };

const DEFAULT_SINCE = "1h";
const DEFAULT_WAIT_SECONDS = "10";
const OPTION_OF: Readonly<Record<string, string>> = { "/gte": "--since", "/lte": "--until" };

export function readVerifyCall(args: string[], nowMs: number): VerifyCall | "help" {
  const values = parsed("haproxy verify", () => parse(args));
  if (values.help) return "help";
  const { since = DEFAULT_SINCE, until, gateway, namespace = DEFAULT_NAMESPACE, wait = DEFAULT_WAIT_SECONDS } = values;
  const faults: string[] = [];
  const bounds = toBounds({ gte: ago(since), lte: until === undefined ? "now" : ago(until) }, nowMs);
  const { fromMs = 0, toMs = 0 } = "faults" in bounds ? {} : bounds;
  if ("faults" in bounds) faults.push(...bounds.faults.map(({ pointer, detail }) => `${OPTION_OF[pointer]} ${detail}`));
  else if (fromMs > toMs) faults.push("--since lies after --until");
  if (gateway === "") faults.push("--gateway takes the name of a gateway");
  if (!isNamespace(namespace)) faults.push(`--namespace takes 1–40 lower-case letters, digits and "-"`);
  if (!/^\d{1,4}$/.test(wait)) faults.push(`--wait takes a number of seconds, not "${wait}"`);
  const place = placeOf(values, namespace, faults);
  if (place === undefined || faults.length > 0) throw wrongCall("haproxy verify", faults);
  return {
    fromMs,
    toMs,
    gateway,
    namespace,
    place,
    isExact: values.exact ?? false,
    waitMs: Number(wait) * 1000,
    json: values.json ?? false,
  };
}

const parse = (args: string[]) =>
  parseArgs({
    args,
    options: {
      since: { type: "string" },
      until: { type: "string" },
      gateway: { type: "string" },
      namespace: { type: "string" },
      url: { type: "string" },
      "authorization-file": { type: "string" },
      opensearch: { type: "string" },
      auth: { type: "string" },
      exact: { type: "boolean" },
      wait: { type: "string" },
      json: { type: "boolean" },
      help: { type: "boolean", short: "h" },
    },
  }).values;

/** `1h` is an hour ago. */
const ago = (time: string): string => (/^\d+[smhd]$/.test(time) ? `now-${time}` : time);

type PlaceOptions = Pick<ReturnType<typeof parse>, "url" | "authorization-file" | "opensearch" | "auth">;

function placeOf(options: PlaceOptions, namespace: string, faults: string[]): VerifiedPlace | undefined {
  const { opensearch, auth } = options;
  if (opensearch !== undefined) {
    for (const option of ["url", "authorization-file"] as const)
      if (options[option] !== undefined) faults.push(`--${option} and --opensearch exclude each other`);
    const openSearch = openSearchTarget({ opensearch, auth }, faults);
    return openSearch && { openSearch };
  }
  if (auth !== undefined) faults.push("--auth goes with --opensearch");
  return apiTarget(options, namespace, faults);
}
