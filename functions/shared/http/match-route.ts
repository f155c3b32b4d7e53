import { PulseError } from "#core/errors.ts";
import { type Route, routes } from "#functions/routes.ts";
import { noSuchPath } from "#functions/shared/http/no-such-path.ts";

export interface RouteMatch {
  readonly route: Route;
  /** Segments of the path as sent. */
  readonly parameters: Readonly<Record<string, string>>;
}

interface Pattern {
  readonly route: Route;
  readonly segments: readonly string[];
}

const KIND = "{kind}";
const isParameter = (segment: string): boolean => segment.startsWith("{");
const parametersIn = ({ segments }: Pattern): number => segments.filter(isParameter).length;

/** A literal segment beats a parameter, as on API Gateway. */
const patterns: readonly Pattern[] = routes
  .map((route) => ({ route, segments: route.path.split("/").slice(1) }))
  .sort((a, b) => parametersIn(a) - parametersIn(b));

/** The route of a path under the base path. Throws `not-found`, or `method-not-allowed` with what is allowed. */
export function matchRoute(method: string, path: string): RouteMatch {
  const segments = path.split("/").slice(1);
  const matching = patterns.filter((pattern) => fits(pattern, segments));
  const literal = matching[0];
  if (literal === undefined) throw noSuchPath(path);
  const sameTemplate = matching.filter(({ route }) => route.path === literal.route.path);
  const found = sameTemplate.find(({ route }) => route.method === method);
  if (found === undefined) {
    const allow = [...new Set(sameTemplate.map(({ route }) => route.method)), "OPTIONS"];
    throw new PulseError("method-not-allowed", `${path} takes ${allow.join(", ")}, not ${method}`, { allow });
  }
  const parameters: Record<string, string> = {};
  found.segments.forEach((segment, index) => {
    if (isParameter(segment)) parameters[segment.slice(1, -1)] = segments[index] as string;
  });
  return { route: found.route, parameters };
}

const fits = ({ segments: pattern, route: { kinds } }: Pattern, segments: readonly string[]): boolean =>
  pattern.length === segments.length &&
  pattern.every((segment, index) => {
    const sent = segments[index] as string;
    if (segment === KIND && kinds !== undefined) return kinds.includes(sent);
    return isParameter(segment) ? sent !== "" : segment === sent;
  });
