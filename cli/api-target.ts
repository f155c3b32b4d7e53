import { readFileSync } from "node:fs";
import { isSafe, underApi } from "#agent/settings.ts";
import { isHttpUrl, pathOfCaller } from "#cli/call.ts";

/** A Pulse API with its base path and namespace, and what the `Authorization` header says there. */
export interface ApiTarget {
  readonly url: string;
  readonly authorization: string | undefined;
}

export interface ApiTargetOptions {
  readonly url?: string | undefined;
  readonly "authorization-file"?: string | undefined;
}

export const LOCAL_SERVER = "http://127.0.0.1:3000";

/**
 * The API that `--url` and `--authorization-file` name, by default that of this
 * machine; adds to `faults` what is wrong.
 */
export function apiTarget(
  { url = LOCAL_SERVER, "authorization-file": file }: ApiTargetOptions,
  namespace: string,
  faults: string[],
): ApiTarget | undefined {
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
