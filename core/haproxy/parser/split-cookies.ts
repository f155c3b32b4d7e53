/**
 * Tells the captured request cookie from the response cookie; neither is encoded, and a client's may hold the
 * separator. Both were captured by the same name, and the server, which writes the last one, is the more trusted: the
 * response cookie is `none`, or starts at the last place where that name follows a separator.
 */
export function splitCookies(
  both: string,
  separator: string,
  none: string,
): [request: string, response: string] | undefined {
  if (both.startsWith(none + separator)) return [none, both.slice(none.length + separator.length)];
  if (both.endsWith(separator + none)) return [both.slice(0, both.length - separator.length - none.length), none];

  const name = nameOf(both);
  let split = both.lastIndexOf(separator + name);
  if (split <= 0) split = mostAlike(both, separator, name);
  return split > 0 ? [both.slice(0, split), both.slice(split + separator.length)] : undefined;
}

/**
 * A cookie's name with its equals sign; all up to the first space when there is none, bounded as what it is compared
 * with.
 */
const nameOf = (cookie: string): string => /^[^= ]{0,64}=?/.exec(cookie)?.[0] ?? "";

/** `capture cookie ID` captures any name that begins so (IDa, IDb): the last place where the name shares most. */
function mostAlike(both: string, separator: string, name: string): number {
  let best = -1;
  let bestLength = 0;
  // An empty separator is found behind the end for ever.
  for (let at = both.indexOf(separator, 1); at >= 0 && at < both.length; at = both.indexOf(separator, at + 1)) {
    let length = 0;
    while (length < name.length && both[at + separator.length + length] === name[length]) length++;
    if (length >= bestLength) {
      best = at;
      bestLength = length;
    }
  }
  return best;
}
