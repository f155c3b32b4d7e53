import { BASE_PATH, EVERYTHING_BELOW } from "#functions/routes.ts";
import type { Answer } from "#functions/shared/http/api.ts";
import { matchRoute } from "#functions/shared/http/match-route.ts";
import { percentDecoded } from "#functions/shared/http/request.ts";

/**
 * Answers requests that API Gateway has matched with everything below a path as if it had matched their own routes.
 * Throws `not-found` where there is none.
 */
export const atOwnRoute =
  (answer: Answer): Answer =>
  async (request) => {
    if (!request.route?.endsWith(EVERYTHING_BELOW)) return answer(request);
    const { route, parameters: sent } = matchRoute(request.method, underBase(request.path));
    const parameters = Object.fromEntries(Object.entries(sent).map(([name, text]) => [name, percentDecoded(text)]));
    return answer({ ...request, route: route.path, parameters });
  };

/** Before the base path, a domain's mapping may have put a segment of its own. */
function underBase(path: string): string {
  const base = path.indexOf(`${BASE_PATH}/`);
  return base < 0 ? path : path.slice(base + BASE_PATH.length);
}
