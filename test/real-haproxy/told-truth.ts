import { latin1Of } from "#core/haproxy/parser/text.ts";
import { readSyslog } from "#core/haproxy/syslog/read-syslog.ts";
import { type Truth, toldAs, toldUnder } from "./differences.ts";
import type { FrontendKind } from "./frontend-kinds.ts";
import { printableIn } from "./random-formats.ts";

const TRUTH = "truth@32473";

/** A quoted argument of a configuration (manual, section 2.2). */
export const quoted = (text: string): string => `"${text.replace(/[\\"$]/g, "\\$&")}"`;

/** Structured data with each value in quotes of its own. */
export function truthOfMode(mode: FrontendKind["mode"]): string {
  const { aliases, samples } = printableIn(mode);
  const values = [
    ...aliases.map((name) => `${name}="%${name}"`),
    ...samples.map((sample) => `${toldUnder(sample)}="${toldAs(sample)}"`),
  ];
  return `%{+E}o[${TRUTH} ${values.join(" ")}]`;
}

/** The header of a line, and its message, one character a byte. */
export const readHeader = (line: Buffer) => readSyslog(latin1Of(line).replace(/\n$/, ""));

/** What HAProxy said beside a line. */
export const truthOf = (line: Buffer): Truth | undefined => readHeader(line).syslog.sd?.[TRUTH];
