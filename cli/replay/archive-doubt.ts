import { UsageError } from "#cli/usage-error.ts";

/** What went wrong in a file, at a line where that is known. */
export interface ArchiveFault {
  readonly file: string;
  readonly line?: number;
  readonly reason: string;
}

/** After so many lines of which none could be read, no more are looked at. */
const DOUBTED_LINES = 100;

/**
 * Doubts that a place is an archive until a line of it could be read, and tells nobody of faults till then. A place of
 * which no line can be read is none, which is said once: throws a UsageError.
 */
export class ArchiveDoubt {
  readonly #name: string;
  readonly #onFault: (fault: ArchiveFault) => void;
  #held: ArchiveFault[] | undefined = [];

  constructor(name: string, onFault: (fault: ArchiveFault) => void) {
    this.#name = name;
    this.#onFault = onFault;
  }

  readonly onFault = (fault: ArchiveFault): void => {
    if (this.#held === undefined) this.#onFault(fault);
    else if (this.#held.push(fault) === DOUBTED_LINES) this.end();
  };

  /** A line could be read: it is an archive. */
  dispel(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    held.forEach(this.#onFault);
  }

  /** There are no more lines. */
  end(): void {
    const unreadable = this.#held?.filter(({ line }) => line !== undefined) ?? [];
    const [first] = unreadable;
    if (first === undefined) {
      this.dispel();
      return;
    }
    const what = unreadable.length === 1 ? "its first line is" : `none of its first ${unreadable.length} lines is`;
    throw new UsageError(
      `${this.#name} is no archive: ${what} an event or a log record (${first.file}:${first.line}: ${first.reason})`,
    );
  }
}
