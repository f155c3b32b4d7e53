import { nearest } from "#core/nearest.ts";
import { routes } from "#functions/routes.ts";

/** Each route's path, as the words that can stand at each place; none where any can. */
const PATHS: readonly (readonly (readonly string[])[])[] = routes.map(({ path, kinds = [] }) =>
  path
    .split("/")
    .slice(1)
    .map((segment) => (segment === "{kind}" ? kinds : segment.startsWith("{") ? [] : [segment])),
);

/** The path with its misspelt words set right, by the route that needs it least: `/event` → `/events`. */
export function nearestPath(path: string): string | undefined {
  const sent = path.split("/").slice(1);
  let best: readonly string[] | undefined;
  let fewest = Number.POSITIVE_INFINITY;
  for (const places of PATHS) {
    const meant = sent.length === places.length ? sent.map((word, place) => wordAt(places[place], word)) : [];
    const changed = meant.filter((word, place) => word !== sent[place]).length;
    if (!meant.includes(undefined) && changed > 0 && changed < fewest) [best, fewest] = [meant as string[], changed];
  }
  return best === undefined ? undefined : `/${best.join("/")}`;
}

function wordAt(words: readonly string[] = [], sent: string): string | undefined {
  if (words.length > 0) return words.includes(sent) ? sent : nearest(sent, words);
  return sent === "" ? undefined : sent;
}
