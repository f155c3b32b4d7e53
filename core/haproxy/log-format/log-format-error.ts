const SHOWN_BEFORE = 60;
const SHOWN_AFTER = 20;

/** A text that HAProxy would not take as a log-format, or that Pulse cannot read; the message shows the place. */
export class LogFormatError extends Error {
  override readonly name = "LogFormatError";
  readonly offset: number;
  readonly reason: string;

  constructor(reason: string, text: string, offset: number) {
    super(`${reason}, at offset ${offset}:\n${pointAt(text, offset)}`);
    this.offset = offset;
    this.reason = reason;
  }
}

/** The part of the text around an offset, with a caret below it. */
export function pointAt(text: string, offset: number): string {
  const from = Math.max(0, offset - SHOWN_BEFORE);
  const shown = text.slice(from, offset + SHOWN_AFTER).replace(/[\t\r\n]/g, " ");
  const lead = from > 0 ? "…" : "";
  const tail = offset + SHOWN_AFTER < text.length ? "…" : "";
  return `  ${lead}${shown}${tail}\n  ${" ".repeat(lead.length + offset - from)}^`;
}
