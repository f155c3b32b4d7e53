/** How two lists of lines differ, each line counted as often as it is there. */
export interface LineDifference {
  /** Expected and not found. */
  readonly lost: readonly string[];
  /** Found beyond what was expected. */
  readonly surplus: readonly string[];
}

export function compareLines(expected: readonly string[], found: readonly string[]): LineDifference {
  const left = new Map<string, number>();
  for (const line of expected) left.set(line, (left.get(line) ?? 0) + 1);
  const surplus: string[] = [];
  for (const line of found) {
    const count = left.get(line) ?? 0;
    if (count === 0) surplus.push(line);
    else left.set(line, count - 1);
  }
  return { lost: [...left].flatMap(([line, count]) => Array<string>(count).fill(line)), surplus };
}
