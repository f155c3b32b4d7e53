/** One line of a suite: what was measured, its figures by their column, and over how many samples. */
export interface Row {
  readonly what: string;
  readonly figures: Readonly<Record<string, number | undefined>>;
  readonly over: number;
}

/** A figure to reach, as docs/benchmarks.md has it. `measured` is undefined where this run could not measure it. */
export interface Bar {
  readonly what: string;
  readonly measured: number | undefined;
  readonly bound: { readonly atLeast: number } | { readonly atMost: number };
  /** It is no matter of speed: a run that does not meet it has failed. */
  readonly isPromise?: true;
}

export interface SuiteReport {
  readonly suite: string;
  /** What was done, in a sentence. */
  readonly setup: string;
  readonly rows: readonly Row[];
  readonly bars: readonly Bar[];
  /** The figures by their names, for programs: they stand in the JSON under the suite's name. */
  readonly named?: Readonly<Record<string, object>>;
}

export type Verdict = "met" | "not met" | "not measured";

export function verdictOn({ measured, bound }: Bar): Verdict {
  if (measured === undefined) return "not measured";
  return ("atLeast" in bound ? measured >= bound.atLeast : measured <= bound.atMost) ? "met" : "not met";
}

/** A report as people read it: a table, then each bar and whether it is met. */
export function toTable({ suite, setup, rows, bars }: SuiteReport): string {
  const columns = [...new Set(rows.flatMap(({ figures }) => Object.keys(figures)))];
  const cells = [
    ["", ...columns, "over"],
    ...rows.map(({ what, figures, over }) => [what, ...columns.map((column) => toText(figures[column])), toText(over)]),
  ];
  const widths = ["", ...columns, "over"].map((_, column) =>
    Math.max(...cells.map((row) => (row[column] ?? "").length)),
  );
  const lines = cells.map((row) =>
    row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[0] as number) : cell.padStart(widths[column] as number),
    ),
  );
  const verdicts = bars.map(
    (bar) => `  bar: ${bar.what} ${boundText(bar)}: ${toText(bar.measured)}, ${verdictOn(bar)}`,
  );
  return [`${suite}: ${setup}`, ...lines.map((line) => `  ${line.join("  ")}`), ...verdicts, ""].join("\n");
}

const boundText = ({ bound }: Bar): string => ("atLeast" in bound ? `≥ ${bound.atLeast}` : `≤ ${bound.atMost}`);

/** Three digits that count; whole numbers as they are. */
function toText(figure: number | undefined): string {
  if (figure === undefined || Number.isNaN(figure)) return "–";
  if (Math.abs(figure) >= 100 || Number.isInteger(figure)) return Math.round(figure).toLocaleString("en");
  return figure.toPrecision(3);
}
