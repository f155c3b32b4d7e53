/** What an event has at most, generic tags counted. */
export const MAX_TAGS = 64;
export const MAX_TAG_CHARACTERS = 512;

/** Adds to each tag with a colon the part before the first one: `services:front:0.2` → `services` too. No repeats. */
export function expandTags(tags: readonly string[]): string[] {
  const expanded = new Set<string>();
  for (const tag of tags) {
    const colon = tag.indexOf(":");
    if (colon > 0) expanded.add(tag.slice(0, colon));
    expanded.add(tag);
  }
  return [...expanded];
}
