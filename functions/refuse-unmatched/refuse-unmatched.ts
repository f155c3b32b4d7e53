import { type ApiHandler, api } from "#functions/shared/api.ts";
import { matchRoute } from "#functions/shared/match-route.ts";
import { noSuchPath } from "#functions/shared/no-such-path.ts";

/** Answers what no route takes: 404, or 405 with the methods that the path has. */
export const refuseUnmatchedHandler = (namespaces: readonly string[]): ApiHandler =>
  api(namespaces, async ({ method, path }) => {
    matchRoute(method, path);
    throw noSuchPath(path);
  });
