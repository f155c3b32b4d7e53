import { PulseError } from "#core/errors.ts";
import { type ApiHandler, api } from "#functions/shared/api.ts";
import { matchRoute } from "#functions/shared/match-route.ts";

/** Answers what no route takes: 404, or 405 with the methods that the path has. */
export const refuseUnmatchedHandler = (namespaces: readonly string[]): ApiHandler =>
  api(namespaces, async ({ method, path }) => {
    matchRoute(method, path);
    throw new PulseError("not-found", `there is no path ${JSON.stringify(path.slice(0, 200))}`);
  });
