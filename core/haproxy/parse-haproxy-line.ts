import { LOG_FORMATS } from "#core/haproxy/formats.ts";
import type { LogTemplate } from "#core/haproxy/log-template.ts";
import { matchCutTemplate, matchTemplate } from "#core/haproxy/match-template.ts";
import type { ParsedLine, Rejection } from "#core/haproxy/record.ts";
import { readSyslog, type SyslogLine } from "#core/haproxy/syslog.ts";
import { latin1Of, textOf } from "#core/haproxy/text.ts";
import { type LineContext, toRecord } from "#core/haproxy/to-record.ts";

/**
 * Reads one log line as it came (one LF at its end does not count): a record, or why it is none. Refuses rather than
 * guesses, throws for no line (only for an unknown zone), and takes time proportional to the line's length.
 */
export function parseHaproxyLine(line: Uint8Array | string, context: LineContext): ParsedLine {
  const text = latin1Of(line);
  const read = readSyslog(text.endsWith("\n") ? text.slice(0, -1) : text);
  const { syslog, message } = read;
  if (syslog.sd_truncated) return reject(read, "cut-in-structured-data", true);
  if (context.cut) return reject(read, "cut-on-the-way", true);
  if (message === "") return reject(read, "empty");

  for (const template of LOG_FORMATS) {
    const values = matchTemplate(template, message);
    const record = values && toRecord(template, read, { values }, context);
    if (record !== undefined) return { record };
  }
  return parseCut(read, context);
}

/** A cut line is told by what is left of it, if that fits one format only or the same fields of several. */
function parseCut(read: SyslogLine, context: LineContext): ParsedLine {
  const candidates = LOG_FORMATS.flatMap((template) => {
    const match = matchCutTemplate(template, read.message);
    return match === undefined ? [] : [{ template, match, known: knownFields(template, match.values) }];
  });
  const [first, ...others] = candidates;
  if (first === undefined) return reject(read, "unknown-format");
  if (others.some((other) => other.known !== first.known)) return reject(read, "cut-before-its-format-shows", true);
  const record = toRecord(first.template, read, first.match, context);
  return record === undefined ? reject(read, "unknown-format") : { record };
}

const knownFields = ({ fields }: LogTemplate, values: readonly (string | undefined)[]): string =>
  fields.flatMap(({ name }, index) => (values[index] === undefined ? [] : [name])).join(" ");

const reject = ({ syslog, message }: SyslogLine, reason: Rejection["reason"], truncated = false): ParsedLine => ({
  rejected: { reason, syslog, message: textOf(message), truncated },
});
