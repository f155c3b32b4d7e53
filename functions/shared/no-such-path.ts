import { PulseError } from "#core/errors.ts";
import { quote } from "#core/faults.ts";

/** `not-found`, with where to look: a name with a slash is the common slip under `/artifacts`. */
export function noSuchPath(path: string): PulseError {
  const [, first, ...others] = path.split("/");
  const hint =
    first === "artifacts" && others.length > 2
      ? "a slash in an artifact's name is written %2F"
      : "GET /api/v1/openapi.json lists those that there are";
  return new PulseError("not-found", `there is no path ${quote(path)}: ${hint}`);
}
