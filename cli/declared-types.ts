import { readFileSync } from "node:fs";
import { pathOfCaller } from "#cli/call.ts";
import { DEFAULT_EVENT_TYPES, type EventTypeDeclaration } from "#core/events/types/event-types.ts";
import * as z from "#core/zod.ts";
import { eventTypes } from "#functions/shared/deployment/environment.ts";

/**
 * The default types, and those that the file of `--declared` holds, written as a deployment's functions are told of
 * them; adds to `faults` why it cannot be read.
 */
export function declaredTypes(file: string | undefined, faults: string[]): readonly EventTypeDeclaration[] {
  if (file === undefined) return DEFAULT_EVENT_TYPES;
  try {
    return eventTypes().parse(readFileSync(pathOfCaller(file), "utf8"));
  } catch (error) {
    const reason = error instanceof z.core.$ZodError ? "it holds no declarations of types" : (error as Error).message;
    faults.push(`--declared ${file} cannot be read: ${reason}`);
    return [];
  }
}
