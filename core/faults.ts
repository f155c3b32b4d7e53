import type { Fault } from "#core/errors.ts";
import type * as z from "#core/zod.ts";

/** `["tags", 0]` → `/tags/0` (RFC 6901). */
export const toPointer = (path: readonly PropertyKey[]): string =>
  path.map((key) => `/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");

const MAX_FAULTS = 100;

/** What zod found, one fault per place; an unknown key is a fault of its own. `known` completes its sentence. */
export function toFaults(error: z.core.$ZodError, known: string): Fault[] {
  const faults: Fault[] = [];
  for (const issue of error.issues) {
    if (issue.code === "unrecognized_keys")
      for (const key of issue.keys) faults.push({ pointer: toPointer([...issue.path, key]), detail: known });
    else faults.push({ pointer: toPointer(issue.path), detail: issue.message });
  }
  if (faults.length <= MAX_FAULTS) return faults;
  const left = faults.length - MAX_FAULTS;
  return [...faults.slice(0, MAX_FAULTS), { pointer: "", detail: `has ${left} faults more` }];
}

/** `"abc…"`: a bad value as a message quotes it, cut at a readable length. */
export function quote(value: unknown): string {
  const text = printed(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

function printed(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return "what is nested too deep to be quoted"; // JSON.parse goes deeper than JSON.stringify, which calls itself
  }
}
