import { beginsAs } from "#core/haproxy/parser/match-template.ts";
import { isOf, type Reader, type Readers } from "#core/haproxy/parser/readers.ts";
import type { HaproxyRecord } from "#core/haproxy/parser/record.ts";
import { hasLiterals } from "#core/haproxy/parser/search-template.ts";
import { readStateLine } from "#core/haproxy/parser/state-lines.ts";
import type { DecodedLine } from "#core/haproxy/parser/text.ts";
import type { LineContext } from "#core/haproxy/parser/to-record.ts";
import type { SyslogHeader } from "#core/haproxy/syslog/read-syslog.ts";

/** What a cut line can be by one format. */
export interface CutCandidate extends Pick<Reader, "frontends"> {
  readonly record: HaproxyRecord;
}

/** The one of the line's own frontend, else the first; undefined where the formats do not agree on which fields it has. */
export function chosenOf(candidates: readonly CutCandidate[]): HaproxyRecord | undefined {
  const own = candidates.filter(({ record, frontends }) => isOf(frontends, record));
  const [first, ...others] = own.length > 0 ? own : candidates;
  const known = first && namesOf(first);
  return others.every((other) => namesOf(other) === known) ? first?.record : undefined;
}

const namesOf = ({ record }: CutCandidate): string => Object.keys(record.fields).join(" ");

/**
 * A line that was cut within what makes lines long, a request or captured headers. Undefined unless it is sure that no
 * format can be read in another way: then all of them have to be tried, which takes ten times as long.
 */
export function readLongLine(
  { all }: Readers,
  { text, bytes }: DecodedLine,
  at: number,
  syslog: SyslogHeader,
  context: LineContext,
): HaproxyRecord | undefined {
  const candidates = new Map<Reader, CutCandidate>();
  for (const reader of all) {
    const record = reader.compiledCut()?.(text, bytes, at, text.length, syslog, context);
    if (record !== undefined) candidates.set(reader, { record, frontends: reader.frontends });
  }
  if (candidates.size === 0) return undefined;
  const message = text.slice(at);
  const isSure = all.every((reader) =>
    candidates.has(reader) ? !hasLiterals(reader.template, message) : !beginsAs(reader.template, message),
  );
  return isSure && readStateLine(message) === undefined ? chosenOf([...candidates.values()]) : undefined;
}
