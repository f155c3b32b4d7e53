import { ARTIFACT_KINDS, type ArtifactKind } from "#core/artifacts/artifact.ts";
import { invalidInput, PulseError } from "#core/errors.ts";
import { quote } from "#core/faults.ts";
import { nearest } from "#core/nearest.ts";

export const MAX_NAME_CHARACTERS = 200;

const CONTROL = /\p{Cc}/u;

/** What is wrong with a name, if anything: it stands in a tag, in a path and in the key of an item. */
export function faultOfName(name: string): string | undefined {
  if (name === "") return "must not be empty";
  if (name.length > MAX_NAME_CHARACTERS)
    return `must not be longer than ${MAX_NAME_CHARACTERS} characters, and has ${name.length}`;
  if (name === "." || name === "..") return `must not be ${quote(name)}, which a path would lose`;
  if (!name.isWellFormed()) return "must be well-formed Unicode: it has half of a surrogate pair";
  if (CONTROL.test(name)) return "must not have control characters";
  return undefined;
}

/** Throws `invalid-input`. */
export function requireName(name: string): string {
  const fault = faultOfName(name);
  if (fault !== undefined) throw invalidInput([{ pointer: "name", detail: fault }]);
  return name;
}

/** The kind of that name. Throws `not-found` where there is none. */
export function requireKind(kind: string): ArtifactKind {
  const known = ARTIFACT_KINDS.find((one) => one === kind);
  if (known !== undefined) return known;
  const meant = nearest(kind, ARTIFACT_KINDS);
  const hint = meant === undefined ? "" : `${quote(meant)} is meant? `;
  throw new PulseError(
    "not-found",
    `there is no kind of artifact ${quote(kind)}: ${hint}There are ${ARTIFACT_KINDS.join(", ")}`,
  );
}
