import { expandTags } from "#core/events/tags.ts";
import { type LogLine, receiptBlockOf } from "#core/haproxy/logs/log-record.ts";
import type { HaproxyRecord, ParsedLine, Rejection } from "#core/haproxy/parser/record.ts";

const MAX_TAG_LENGTH = 512;
const NO_SERVER = "<NOSRV>";
/** A platform has few frontends, servers and gateways, so that lines have their tags in common. */
const MAX_REMEMBERED = 4096;

/** The tags of lines, expanded; the same array where they are the same. */
const remembered = new Map<string, readonly string[]>();

/** The tags of a line's event: what it went through, what came of it, who logged it, and the block it is counted in. */
export function tagsOfLine({ id, source }: LogLine, parsed: ParsedLine): readonly string[] {
  const tags = "record" in parsed ? tagsOf(parsed.record) : tagsOfRejection(parsed.rejected);
  return expandedTags(tags, source, receiptBlockOf(id));
}

/** As they are kept, `tags` being those of what the line says. */
export function expandedTags(tags: string[], source: string, block: string | undefined): readonly string[] {
  tags.push(`sources:${source}`);
  if (block !== undefined) tags.push(`receipts:${block}`);
  let key = "";
  for (const tag of tags) key += `${tag.length}:${tag}`;
  const known = remembered.get(key);
  if (known !== undefined) return known;
  const expanded = expandTags(tags.filter(isTag));
  if (remembered.size === MAX_REMEMBERED) remembered.clear();
  remembered.set(key, expanded);
  return expanded;
}

const isTag = (tag: string): boolean => tag.length <= MAX_TAG_LENGTH && !tag.endsWith(":");

function tagsOf({ fields, aliases, frontend, format }: HaproxyRecord): string[] {
  const { f, b, s, ST } = aliases === undefined ? fields : { ...fields, ...aliases };
  const tags = tagsOfWay(frontend ?? f, b, s, ST);
  return tags.length > 0 ? tags : [`format:${format}`];
}

/** The way of a request: the frontend, the backend and the server, and the status that came of it. */
export function tagsOfWay(gateway: unknown, b: unknown, s: unknown, ST: unknown): string[] {
  const tags = [];
  if (typeof gateway === "string") tags.push(`gateways:${gateway}`);
  if (typeof b === "string") tags.push(`backends:${b}`);
  if (typeof b === "string" && typeof s === "string" && s !== NO_SERVER) tags.push(`servers:${b}/${s}`);
  if (typeof ST === "number" && ST >= 100) tags.push(`status:${Math.floor(ST / 100)}xx`);
  return tags;
}

const tagsOfRejection = ({ syslog }: Rejection): string[] => {
  const host = syslog.hostname;
  return typeof host === "string" ? ["format:unparsed", `hosts:${host}`] : ["format:unparsed"];
};
