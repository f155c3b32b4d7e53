/** Takes what happens, in words; they are made only if somebody reads them. */
export type Trace = (what: () => string) => void;

export const untraced: Trace = () => {};

/** Gathers lines, each with its time since the beginning. */
export const tracing =
  (lines: string[], now: () => number): Trace =>
  (what) => {
    lines.push(`${String(now()).padStart(7)} ms  ${what().replaceAll(PADDING, "…")}`);
  };

/** What fills sequence numbers up. */
const PADDING = /0{12,}(?=\d)/g;
