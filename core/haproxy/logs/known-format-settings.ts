import { DEFAULT_EVENT_TYPES, type EventTypeDeclaration, HAPROXY_EVENT_TYPE } from "#core/events/types/event-types.ts";
import { fixedFormats } from "#core/haproxy/log-format/built-in-formats.ts";
import { indexFields } from "#core/haproxy/log-format/index-fields.ts";
import { readLogFormat } from "#core/haproxy/log-format/read-log-format.ts";
import type { KnownFormat } from "#core/haproxy/parser/haproxy-parser.ts";
import type { HeaderCounts } from "#core/haproxy/parser/line-template.ts";

/** A format of a deployment's gateways, as settings tell it. */
export interface FormatSetting {
  readonly name: string;
  readonly text: string;
  readonly frontends?: readonly string[];
  /** How many headers those frontends capture. */
  readonly captures?: HeaderCounts;
}

/** Throws a LogFormatError for a text that is neither a log-format nor one of those that HAProxy has fixed. */
export const fromFormatSetting = ({ name, text, frontends = [], captures }: FormatSetting): KnownFormat => ({
  format: fixedFormats().find((fixed) => fixed.text === text) ?? readLogFormat(name, text),
  frontends,
  ...(captures !== undefined && { captures }),
});

export const toFormatSetting = ({ format, frontends = [], captures }: KnownFormat): FormatSetting => ({
  name: format.name,
  text: format.text,
  ...(frontends.length > 0 && { frontends }),
  ...(captures !== undefined && { captures }),
});

/** The type of the lines of these formats: what a format has beyond HAProxy's own fields can be asked for, too. */
export function haproxyTypeOf(
  formats: readonly KnownFormat[],
  declared: readonly EventTypeDeclaration[] = DEFAULT_EVENT_TYPES,
): EventTypeDeclaration {
  const type = declared.find(({ name }) => name === HAPROXY_EVENT_TYPE) as EventTypeDeclaration;
  const own = formats.map(({ format }) => indexFields(format)).reverse();
  return { ...type, fields: Object.assign({}, ...own, type.fields) };
}
