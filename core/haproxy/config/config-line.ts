/** A line of a section, in words. */
export interface ConfigLine {
  readonly words: readonly string[];
  readonly line: number;
  /**
   * Only the HAProxy that starts with the file knows whether the line counts: it
   * adds to what it would replace otherwise.
   */
  readonly isMaybe: boolean;
}
