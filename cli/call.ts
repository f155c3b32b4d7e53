import { resolve } from "node:path";
import { UsageError } from "#cli/usage-error.ts";
import { isEventType } from "#core/events/types/event-types.ts";

/** A path seen from where the caller stands, even when npm has gone to the project's root. */
export const pathOfCaller = (path: string): string => resolve(process.env.INIT_CWD ?? "", path);

/** Where a command keeps things unless it is told: `.pulse` in the project's root, to which npm has gone. */
export const defaultFolder = (): string => resolve(".pulse");

/** Reads options; what is no option, or lacks its value, is refused with where help is. */
export function parsed<Options>(command: string, parse: () => Options): Options {
  try {
    return parse();
  } catch (cause) {
    throw wrongCall(command, [(cause as Error).message]);
  }
}

/** Names all that is wrong with a call. */
export const wrongCall = (command: string, faults: readonly string[]): UsageError =>
  new UsageError(`${faults.join("; ")} (pulse ${command} --help)`);

export const isHttpUrl = (text: string): boolean => /^https?:$/.test(URL.parse(text)?.protocol ?? "");

/** The event types of a repeatable `--type a,b`; adds to `faults` what is none. */
export function typesOf(lists: readonly string[] = [], faults: string[]): string[] {
  const types = lists.flatMap((list) => list.split(","));
  for (const type of types) if (!isEventType(type)) faults.push(`--type takes event types, not "${type}"`);
  return [...new Set(types)].sort();
}
