import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fromFormatSetting } from "#core/haproxy/logs/known-format-settings.ts";
import type { KnownFormat } from "#core/haproxy/parser/haproxy-parser.ts";
import * as z from "#core/zod.ts";

/** Written by `toFormatSetting`. */
function formatSettings() {
  const filled = z.string().check(z.minLength(1));
  const headerCount = z.exactOptional(z.int().check(z.minimum(0)));
  return z.array(
    z.strictObject({
      name: filled,
      text: filled,
      frontends: z.exactOptional(z.array(z.string())),
      captures: z.exactOptional(z.strictObject({ request: headerCount, response: headerCount })),
    }),
  );
}

/**
 * The log-formats of the deployment's gateways, from a file beside the function's bundle; none where it has no such
 * file. Throws an error that names all that is wrong with it.
 */
export function deployedFormats(file: string | undefined, folder = import.meta.dirname): readonly KnownFormat[] {
  if (file === undefined) return [];
  const read = formatSettings().safeParse(JSON.parse(readFileSync(join(folder, file), "utf8")));
  if (read.success) return read.data.map(fromFormatSetting);
  const faults = read.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
  throw new Error(`${file} holds no log-formats: ${faults.join("; ")}`);
}
