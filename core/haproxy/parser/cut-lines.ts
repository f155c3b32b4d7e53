import type { LineTemplate, TemplateField } from "#core/haproxy/parser/line-template.ts";
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

/**
 * The one of the line's own frontend, else the first; undefined where the formats do not agree on which fields it
 * has.
 */
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

/**
 * The same without a record: of a line that this format's compiled reader would take for cut within the field of that
 * place. False where it takes more to know.
 */
export function isSurelyCutOf(
  own: Reader,
  place: number,
  { frontend }: { readonly frontend: string },
  message: string,
  { all }: Readers,
): boolean {
  let chosen: Reader | undefined;
  for (const reader of all) {
    const isAlike = reader === own || areAlike(reader, own, place);
    if (isAlike ? hasLiterals(reader.template, message) : beginsAs(reader.template, message)) return false;
    if (!isAlike) continue;
    chosen ??= reader;
    if (reader.frontends.has(frontend) && !chosen.frontends.has(frontend)) chosen = reader;
  }
  return chosen === own && readStateLine(message) === undefined;
}

/** How many fields two formats have in common before they differ. */
const alike = new WeakMap<LineTemplate, WeakMap<LineTemplate, number>>();

/** Whether lines that are cut in the field of that place are the same by both. */
function areAlike({ template, compiledCut }: Reader, { template: own }: Reader, place: number): boolean {
  const known = alike.get(own) ?? new WeakMap<LineTemplate, number>();
  alike.set(own, known);
  let count = known.get(template);
  if (count === undefined) {
    count = compiledCut() === undefined ? 0 : countAlike(template, own);
    known.set(template, count);
  }
  return place < count;
}

function countAlike({ fields }: LineTemplate, own: LineTemplate): number {
  const differs = own.fields.findIndex((place, index) => {
    const other = fields[index];
    return other?.before !== place.before || textOf(other) !== textOf(place);
  });
  return differs < 0 ? own.fields.length : differs;
}

/** What a field is, wherever its format names it. */
const textOf = ({ field }: TemplateField): string => JSON.stringify({ ...field, offset: 0 });
