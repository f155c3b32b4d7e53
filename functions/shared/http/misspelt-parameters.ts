import { type Fault, invalidInput } from "#core/errors.ts";
import { quote } from "#core/faults.ts";
import { nearest } from "#core/nearest.ts";
import { routes } from "#functions/routes.ts";
import type { ApiRequest } from "#functions/shared/http/request.ts";

const PARAMETERS: ReadonlyMap<string, readonly string[]> = new Map(
  routes.map(({ method, path, query = [] }) => [`${method} ${path}`, query]),
);

/**
 * Refuses parameters whose names are near one that the route has: `?tags=a`, ignored, would answer everything. What is
 * far from all is ignored, as Vamp did: browsers and clients add their own (`_`, `flatten`).
 */
export function refuseMisspelt({ method, route, path, query }: ApiRequest): void {
  if (query.size === 0) return;
  const known = PARAMETERS.get(`${method} ${route ?? path}`) ?? [];
  const faults: Fault[] = [];
  for (const name of new Set(query.keys())) {
    const meant = known.includes(name) ? undefined : nearest(name, known);
    if (meant !== undefined)
      faults.push({ pointer: name, detail: `is not known: ${quote(meant)} is meant? Here are ${known.join(", ")}` });
  }
  if (faults.length > 0) throw invalidInput(faults);
}
