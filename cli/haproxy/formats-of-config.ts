import { readFileSync } from "node:fs";
import { pathOfCaller } from "#cli/call.ts";
import { knownFormatsOf } from "#core/haproxy/config/known-formats.ts";
import { readHaproxyConfig } from "#core/haproxy/config/read-haproxy-config.ts";
import type { KnownFormat } from "#core/haproxy/parser/haproxy-parser.ts";

/** The formats of all the haproxy.cfg that an option names; adds to `faults` which of them cannot be read. */
export const formatsOfConfigs = (option: string, files: readonly string[] = [], faults: string[]): KnownFormat[] =>
  files.flatMap((file) => {
    try {
      return formatsOfConfig(file);
    } catch (error) {
      faults.push(`${option} ${file} cannot be read: ${(error as Error).message}`);
      return [];
    }
  });

/**
 * The formats that a haproxy.cfg logs in. What of it cannot be read is told on standard error, and costs its line only.
 */
function formatsOfConfig(path: string): KnownFormat[] {
  const config = readHaproxyConfig(readFileSync(pathOfCaller(path), "utf8"), (name) => process.env[name]);
  for (const { line, level, says } of config.faults)
    if (level === "error") process.stderr.write(`${path}:${line}: ${says}\n`);
  return knownFormatsOf(config);
}
