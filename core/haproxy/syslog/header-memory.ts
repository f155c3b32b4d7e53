import { isBsdTime, readSyslog, type SyslogHeader } from "#core/haproxy/syslog/read-syslog.ts";

export interface FoundHeader {
  readonly syslog: SyslogHeader;
  /** Where the message begins. */
  readonly at: number;
}

/**
 * Headers that name a time, a tag and a process, which are the same in all lines of a second (`<134>Nov 22 01:22:46
 * gw-1 haproxy[71]: `): what they say depends on nothing behind them, so that it need not be read again.
 */
const REPEATS = /^<\d{1,3}>[A-Z][a-z]{2} .*\]: $/s;

const TIME_LENGTH = 15;

/** Reads syslog headers, and knows the last one again, also when only its time has changed. */
export class HeaderMemory {
  #bytes: Uint8Array | undefined;
  #timeAt = 0;
  #found: FoundHeader = { syslog: {}, at: 0 };

  /** The header of a line, which is given as bytes and with one character for each. */
  read(text: string, bytes: Uint8Array): FoundHeader {
    const known = this.#bytes;
    if (known === undefined) return this.#readNew(text);
    if (isSame(known, bytes, 0, known.length)) return this.#found;
    const timeEnd = this.#timeAt + TIME_LENGTH;
    const timestamp = text.slice(this.#timeAt, timeEnd);
    const isSameBesides = isSame(known, bytes, 0, this.#timeAt) && isSame(known, bytes, timeEnd, known.length);
    if (!isSameBesides || !isBsdTime(timestamp)) return this.#readNew(text);
    return this.#remember(text, {
      syslog: { ...this.#found.syslog, timestamp: copyOf(timestamp) },
      at: this.#found.at,
    });
  }

  #readNew(text: string): FoundHeader {
    const { syslog, message } = readSyslog(text);
    const found = { syslog, at: text.length - message.length };
    return REPEATS.test(text.slice(0, found.at)) ? this.#remember(text, found) : found;
  }

  #remember(text: string, found: FoundHeader): FoundHeader {
    this.#bytes = Uint8Array.from(Buffer.from(text.slice(0, found.at), "latin1"));
    this.#timeAt = text.indexOf(">") + 1;
    this.#found = found;
    return found;
  }
}

function isSame(known: Uint8Array, bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (bytes[at] !== known[at]) return false;
  return true;
}

/** A slice would keep the whole line that it came from. */
const copyOf = (text: string): string => Buffer.from(text, "latin1").toString("latin1");
