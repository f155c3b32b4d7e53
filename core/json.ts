import { PulseError } from "#core/errors.ts";

/** JSON.parse whose refusal is an `invalid-input`, at the root of the body or at the parameter that is named. */
export function parseJson(text: string, parameter?: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const { message } = cause as Error;
    throw new PulseError("invalid-input", `${parameter ?? "the body"} is not JSON: ${message}`, {
      faults: [{ pointer: parameter ?? "", detail: `is not JSON: ${message}` }],
      cause,
    });
  }
}

/** A JSON object. */
export const isRecord = (json: unknown): json is Record<string, unknown> =>
  typeof json === "object" && json !== null && !Array.isArray(json);
