/** A line of a section, in words. */
export interface ConfigLine {
  readonly words: readonly string[];
  readonly line: number;
  /** Whether it counts is decided when HAProxy starts: it adds to what it would replace. */
  readonly isMaybe: boolean;
}
