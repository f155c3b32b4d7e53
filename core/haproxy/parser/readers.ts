import { builtInFormats } from "#core/haproxy/log-format/built-in-formats.ts";
import { compileCutTemplate } from "#core/haproxy/parser/compiled/compile-cut-template.ts";
import { type CompiledReader, compileTemplate } from "#core/haproxy/parser/compiled/compile-template.ts";
import type { KnownFormat } from "#core/haproxy/parser/haproxy-parser.ts";
import { type LineTemplate, lineTemplate } from "#core/haproxy/parser/line-template.ts";
import type { HaproxyRecord } from "#core/haproxy/parser/record.ts";
import { once } from "#core/once.ts";

/** A format ready to read lines. */
export interface Reader {
  readonly template: LineTemplate;
  /** For the ordinary lines of the format; the matcher reads the others. */
  readonly compiled: CompiledReader | undefined;
  /** For lines that end where such lines mostly do; made with the first of them. */
  readonly compiledCut: () => CompiledReader | undefined;
  readonly frontends: ReadonlySet<string>;
}

/** All readers, the most exact ones first, and all frontends that they are known to be of. */
export interface Readers {
  readonly all: readonly Reader[];
  /** An ordinary line is of the first that takes it and is of its frontend, or none of whose frontend is known. */
  readonly compiled: readonly CompiledLineReader[];
  readonly frontends: ReadonlySet<string>;
}

export function readersOf(formats: readonly KnownFormat[]): Readers {
  const texts = new Set(formats.map(({ format }) => format.text));
  const known: KnownFormat[] = builtInFormats()
    .filter(({ text }) => !texts.has(text))
    .map((format) => ({ format }));
  const all: Reader[] = [...formats, ...known]
    .map(({ format, frontends = [], captures }) => ({
      ...readingOf(lineTemplate(format, captures)),
      frontends: new Set(frontends),
    }))
    .sort((one, other) => openness(one) - openness(other));
  return {
    all,
    compiled: all.filter(isCompiled),
    frontends: new Set(formats.flatMap(({ frontends = [] }) => frontends)),
  };
}

const readingOf = (template: LineTemplate) => ({
  template,
  compiled: compileTemplate(template),
  compiledCut: once(() => compileCutTemplate(template)),
});

/** Where clients write unencoded, but for cookies, which any format can have. */
const openness = ({ template: { fields } }: Reader): number =>
  fields.filter(({ field, shape }) => shape === undefined && field.alias === undefined).length;

type CompiledLineReader = Reader & { readonly compiled: CompiledReader };
const isCompiled = (reader: Reader): reader is CompiledLineReader => reader.compiled !== undefined;

/** Whether a record is of one of these. */
export const isOf = (frontends: ReadonlySet<string>, { frontend, fields }: HaproxyRecord): boolean =>
  frontends.has((frontend ?? fields.f) as string);
