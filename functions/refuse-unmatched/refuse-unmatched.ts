import { type ApiHandler, apiOfAnyType } from "#functions/shared/http/api.ts";
import { matchRoute } from "#functions/shared/http/match-route.ts";
import { noBasePath } from "#functions/shared/http/no-such-path.ts";

/** Answers what no route takes: 404, or 405 with the methods that the path has; whatever the caller accepts. */
export const refuseUnmatchedHandler = (namespaces: readonly string[]): ApiHandler =>
  apiOfAnyType(namespaces, async ({ method, path }) => {
    matchRoute(method, path);
    throw noBasePath(path);
  });
