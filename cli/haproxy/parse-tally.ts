import { counted } from "#cli/reporter.ts";
import type { ParsedLine } from "#core/haproxy/parser/record.ts";

/** Counts what became of lines. */
export class ParseTally {
  readonly #hasZone: boolean;
  readonly #formats = new Map<string, number>();
  readonly #reasons = new Map<string, number>();
  #records = 0;
  #cut = 0;
  #timed = 0;
  #rejected = 0;

  constructor(hasZone: boolean) {
    this.#hasZone = hasZone;
  }

  get lines(): number {
    return this.#records + this.#rejected;
  }

  get rejected(): number {
    return this.#rejected;
  }

  add(parsed: ParsedLine): void {
    if ("rejected" in parsed) {
      this.#rejected++;
      countUp(this.#reasons, parsed.rejected.reason);
      return;
    }
    const { format, truncated, time_ms } = parsed.record;
    this.#records++;
    if (truncated) this.#cut++;
    if (time_ms !== undefined) this.#timed++;
    countUp(this.#formats, format);
  }

  /** A few lines for people. */
  summary(): string {
    const cut = this.#cut > 0 ? `, ${counted(this.#cut, "of them cut", "of them cut")}` : "";
    const lines = [
      counted(this.lines, "line"),
      `  ${counted(this.#records, "record")}${cut}${listed(this.#formats)}`,
      `  ${counted(this.#rejected, "rejected", "rejected")}${listed(this.#reasons)}`,
    ];
    if (!this.#hasZone && this.#timed > 0)
      lines.push("Times were read as UTC: if the gateway's clock shows another zone, name it with --timezone.");
    return `${lines.join("\n")}\n`;
  }
}

const countUp = (counts: Map<string, number>, name: string): void => {
  counts.set(name, (counts.get(name) ?? 0) + 1);
};

/** The most frequent first. */
function listed(counts: ReadonlyMap<string, number>): string {
  if (counts.size === 0) return "";
  const sorted = [...counts].sort(([, one], [, other]) => other - one);
  return `: ${sorted.map(([name, count]) => `${name} ${count.toLocaleString("en-US")}`).join(", ")}`;
}
