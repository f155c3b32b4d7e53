import { readSyslog, type SyslogHeader } from "#core/haproxy/syslog/read-syslog.ts";

export interface FoundHeader {
  readonly syslog: SyslogHeader;
  /** Where the message begins. */
  readonly at: number;
}

/**
 * Headers that name a time, a tag and a process, which are the same in all lines of a second (`<134>Nov 22 01:22:46 gw-1
 * haproxy[71]: `): what they say depends on nothing behind them, so that it need not be read again.
 */
const REPEATS = /^<\d{1,3}>[A-Z][a-z]{2} .*\]: $/s;

/** Reads syslog headers, and knows the last one again. */
export class HeaderMemory {
  #text = "";
  #found: FoundHeader = { syslog: {}, at: 0 };

  read(line: string): FoundHeader {
    if (this.#text !== "" && line.startsWith(this.#text)) return this.#found;
    const { syslog, message } = readSyslog(line);
    const found = { syslog, at: line.length - message.length };
    const text = line.slice(0, found.at);
    if (REPEATS.test(text)) {
      // A copy: a slice would keep the line that it came from, and compares more slowly.
      this.#text = Buffer.from(text, "latin1").toString("latin1");
      this.#found = found;
    }
    return found;
  }
}
