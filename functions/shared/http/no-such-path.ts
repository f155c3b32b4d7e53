import { ARTIFACT_KINDS } from "#core/artifacts/artifact.ts";
import { PulseError } from "#core/errors.ts";
import { quote } from "#core/faults.ts";
import { BASE_PATH } from "#functions/routes.ts";
import { nearestPath } from "#functions/shared/http/nearest-path.ts";

/** `not-found`, with where to look, and with the path that may be meant. */
export const noSuchPath = (path: string): PulseError =>
  new PulseError("not-found", `there is no path ${quote(path)}: ${hintFor(path)}`);

/** The same for a path of a route to which the base path is missing. */
export const noBasePath = (path: string): PulseError =>
  new PulseError("not-found", `there is no path ${quote(path)}: ${quote(BASE_PATH + path)} is meant?`);

function hintFor(path: string): string {
  const [, first = "", ...others] = path.split("/");
  const meant = nearestPath(path);
  if (first === "artifacts") {
    if (others.length === 0) return `they are listed by kind: ${ARTIFACT_KINDS.map(pathOf).join(", ")}`;
    if (others.length > 2) return "a slash in an artifact's name is written %2F";
  }
  if (meant !== undefined) return `${quote(meant)} is meant?`;
  if (others.length < 2 && ARTIFACT_KINDS.some((kind) => kind === first)) return `see /artifacts${path}`;
  return `GET ${BASE_PATH}/openapi.json lists those that there are`;
}

const pathOf = (kind: string): string => `/artifacts/${kind}`;
