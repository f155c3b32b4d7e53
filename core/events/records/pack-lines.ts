import { MAX_EVENTS_PER_RECORD } from "#core/events/event-journal.ts";

/** Some lines as one text, each ended, and what they stand for. */
export interface PackedLines<Item> {
  readonly data: string;
  readonly items: readonly Item[];
}

/** The items in order, in as few texts as the limits allow. One beyond the limit gets a text of its own. */
export function packLines<Item>(
  items: readonly Item[],
  toLine: (item: Item) => string,
  maxBytes: number,
): PackedLines<Item>[] {
  const packs: PackedLines<Item>[] = [];
  let first = 0;
  let data = "";
  let bytes = 0;
  items.forEach((item, index) => {
    const line = toLine(item);
    const lineBytes = Buffer.byteLength(line);
    if (index > first && (bytes + lineBytes > maxBytes || index - first === MAX_EVENTS_PER_RECORD)) {
      packs.push({ data, items: items.slice(first, index) });
      first = index;
      data = "";
      bytes = 0;
    }
    data += line;
    bytes += lineBytes;
  });
  if (items.length > 0) packs.push({ data, items: items.slice(first) });
  return packs;
}
