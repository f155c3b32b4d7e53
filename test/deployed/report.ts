/** Nothing after this can be tested; it has been counted already. */
export class CannotGoOn extends Error {}

/** What is not tested here, what covers it instead, and where it can be told: whether it could be tested by now. */
export interface KnownGap {
  readonly what: string;
  readonly coveredBy: string;
  /** Resolves with what is still missing, or with nothing once it works. */
  readonly probe?: () => Promise<string | undefined>;
}

/** Of why something failed. */
const SHOWN_LINES = 40;
const PROGRESS_MS = 250;
const CLEAR_LINE = "\r\x1b[2K";

/** A line for each check as it ends, and on a terminal what is under way. */
export class Report {
  passed = 0;
  failed = 0;
  readonly #startedMs = performance.now();
  #isClosed = false;

  /** Counts what throws as failed, and goes on. */
  async check(what: string, act: () => Promise<unknown>): Promise<void> {
    await this.#attempt(what, act);
  }

  /** Without what this makes nothing can go on. */
  async need<Result>(what: string, act: () => Promise<Result>): Promise<Result> {
    const outcome = await this.#attempt(what, act);
    if ("failure" in outcome) throw new CannotGoOn(what, { cause: outcome.failure });
    return outcome.result;
  }

  async gap({ what, coveredBy, probe }: KnownGap): Promise<void> {
    const missing = probe === undefined ? "" : await this.#under(what, probe);
    if (missing === undefined) this.say(`gap    ${what}: begins to work here; make it a check`);
    else this.say(`gap    not tested here: ${what}${missing && ` (${missing})`}; covered by ${coveredBy}`);
  }

  /** What takes time and is no check. */
  readonly progress = (what: string): void => {
    if (process.stderr.isTTY && !this.#isClosed) process.stderr.write(`${CLEAR_LINE}${what} …`);
  };

  say(line: string): void {
    if (this.#isClosed) return;
    if (process.stderr.isTTY) process.stderr.write(CLEAR_LINE);
    console.log(line);
  }

  /** The last line; nothing is said after it. */
  close(): void {
    const seconds = secondsSince(this.#startedMs).trim();
    this.say(`\n${seconds} in all\n${this.passed} passed, ${this.failed} failed`);
    this.#isClosed = true;
  }

  async #attempt<Result>(
    what: string,
    act: () => Promise<Result>,
  ): Promise<{ readonly result: Result } | { readonly failure: unknown }> {
    // What was interrupted must not begin anything more.
    if (this.#isClosed) return new Promise(() => {});
    const startMs = performance.now();
    try {
      const result = await this.#under(what, act);
      if (!this.#isClosed) this.passed++;
      this.say(`ok     ${secondsSince(startMs)}  ${what}`);
      return { result };
    } catch (failure) {
      this.fail(`${secondsSince(startMs)}  ${what}`, failure);
      return { failure };
    }
  }

  fail(what: string, failure: unknown): void {
    if (!this.#isClosed) this.failed++;
    const text = failure instanceof Error ? failure.message : String(failure);
    const lines = text.split("\n").slice(0, SHOWN_LINES);
    this.say([`FAILED ${what}`, ...lines.map((line) => `         ${line}`)].join("\n"));
  }

  async #under<Result>(what: string, act: () => Promise<Result>): Promise<Result> {
    const startMs = performance.now();
    const timer = setInterval(() => this.progress(`${secondsSince(startMs)}  ${what}`), PROGRESS_MS);
    try {
      return await act();
    } finally {
      clearInterval(timer);
    }
  }
}

const secondsSince = (startMs: number): string => `${((performance.now() - startMs) / 1000).toFixed(1).padStart(5)} s`;
