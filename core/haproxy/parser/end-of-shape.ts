/** Where the value of this shape ends that starts at `at`; -1 when none does. */
export function endOfShape(shape: RegExp, text: string, at: number): number {
  shape.lastIndex = at;
  return shape.test(text) ? shape.lastIndex : -1;
}
