import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { isSafe, underApi } from "#agent/settings.ts";
import { isHttpUrl, parsed, pathOfCaller, wrongCall } from "#cli/call.ts";
import { openSearchTarget } from "#cli/opensearch-target.ts";
import { toBounds } from "#core/events/timestamps.ts";
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
export type VerifiedPlace =
  | { readonly url: string; readonly authorization: string | undefined }
  | { readonly openSearch: OpenSearchSettings };

const LOCAL_SERVER = "http://127.0.0.1:3000";
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
  const { url = LOCAL_SERVER, "authorization-file": file, opensearch, auth } = options;
  if (opensearch !== undefined) {
    for (const option of ["url", "authorization-file"] as const)
      if (options[option] !== undefined) faults.push(`--${option} and --opensearch exclude each other`);
    const openSearch = openSearchTarget({ opensearch, auth }, faults);
    return openSearch && { openSearch };
  }
  if (auth !== undefined) faults.push("--auth goes with --opensearch");
  if (!isHttpUrl(url)) {
    faults.push(`--url takes the URL of a Pulse API like ${LOCAL_SERVER}, not "${url}"`);
    return undefined;
  }
  if (new URL(url).username !== "") faults.push("--url takes no credentials: see --authorization-file");
  const authorization = file === undefined ? process.env.PULSE_AUTHORIZATION : readAuthorization(file, faults);
  if (authorization !== undefined && !isSafe({ url: new URL(url) }))
    faults.push("credentials go over https only, or to this machine: see --url");
  return { url: underApi(new URL(url), namespace, "").href, authorization };
}

function readAuthorization(file: string, faults: string[]): string | undefined {
  try {
    return readFileSync(pathOfCaller(file), "utf8").trim();
  } catch (error) {
    faults.push(`--authorization-file cannot be read: ${(error as Error).message}`);
    return undefined;
  }
}
