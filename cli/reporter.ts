/** Faults beyond are counted only: a damaged archive may have a million. */
const LISTED_FAULTS = 100;
const REDRAW_MS = 500;

/** What a command that takes its time tells about it on standard error. */
export interface Reporter {
  /** A line that stays. After a hundred of them, they are counted only. */
  fault(text: string): void;
  /** A line that the next one replaces; only a terminal shows it. */
  progress(text: () => string): void;
  /** Removes the line of progress, and says how many faults were not listed. */
  end(): void;
}

type Terminal = Pick<NodeJS.WriteStream, "write" | "isTTY" | "columns">;

export function openReporter(stderr: Terminal = process.stderr): Reporter {
  let faults = 0;
  let drawnMs = 0;
  const clear = (): void => {
    if (drawnMs > 0) stderr.write("\r\x1b[K");
  };
  return {
    fault(text) {
      faults++;
      if (faults > LISTED_FAULTS) return;
      clear();
      stderr.write(`${text}\n`);
    },
    progress(text) {
      const nowMs = Date.now();
      if (!stderr.isTTY || nowMs - drawnMs < REDRAW_MS) return;
      drawnMs = nowMs;
      clear();
      stderr.write(text().slice(0, stderr.columns - 1));
    },
    end() {
      clear();
      if (faults > LISTED_FAULTS) stderr.write(`… and ${faults - LISTED_FAULTS} faults more\n`);
    },
  };
}

/** `12,345 events`: a count as a summary has it. */
export const counted = (count: number, one: string, more = `${one}s`): string =>
  `${count.toLocaleString("en-US")} ${count === 1 ? one : more}`;
