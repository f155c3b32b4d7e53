import { gzipSync } from "node:zlib";
import { DEFAULT_EVENT_TYPES, type EventTypeDeclaration } from "#core/events/types/event-types.ts";
import { COMPRESSED } from "#functions/shared/deployment/environment.ts";

/** Of the 4 KB that all variables of a function may have together. */
const MAX_CHARACTERS = 3_000;

/** How functions are told of the types that a deployment declares besides the default ones, or anew. */
export function eventTypesVariable(eventTypes: readonly EventTypeDeclaration[] = []): {
  readonly PULSE_EVENT_TYPES?: string;
} {
  const own = eventTypes.filter((type) => !DEFAULT_EVENT_TYPES.includes(type));
  if (own.length === 0) return {};
  const json = JSON.stringify(own);
  const text = json.length > MAX_CHARACTERS ? compressed(json) : json;
  if (text.length > MAX_CHARACTERS)
    throw new Error(
      `the types of eventTypes, with all their fields and those that haproxyConfig adds, take ${text.length} characters, ` +
        `compressed, and functions can be told ${MAX_CHARACTERS}: declare types while Pulse runs instead, by ` +
        "PUT /artifacts/event-types/<type>",
    );
  return { PULSE_EVENT_TYPES: text };
}

const compressed = (json: string): string => COMPRESSED + gzipSync(json, { level: 9 }).toString("base64");
