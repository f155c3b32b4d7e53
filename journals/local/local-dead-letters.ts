import { type FileHandle, mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import { PulseError } from "#core/errors.ts";
import { type DeadLetter, type DeadLetterPlace, toDeadLetterLines } from "#core/events/index-entries.ts";

/** Where they are in their folder. */
export const DEAD_LETTERS_FILE = "dead-letters.ndjson";

/**
 * Dead letters at the end of `dead-letters.ndjson` in a folder, on the disk when they are taken. A batch that is
 * repeated is there twice. Throws `unavailable` when the disk does not take them.
 */
export class LocalDeadLetters implements DeadLetterPlace {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async take(letters: readonly DeadLetter[]): Promise<void> {
    let file: FileHandle | undefined;
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      file = await open(join(this.#folder, DEAD_LETTERS_FILE), "a+");
      const lines = toDeadLetterLines(letters);
      await file.appendFile((await isTorn(file)) ? `\n${lines}` : lines);
      await file.sync();
    } catch (cause) {
      throw new PulseError("unavailable", `the dead letters cannot be written: ${(cause as Error).message}`, { cause });
    } finally {
      await file?.close();
    }
  }
}

/** Whether an earlier write ended within a line, which must not swallow the next one. */
async function isTorn(file: FileHandle): Promise<boolean> {
  const { size } = await file.stat();
  if (size === 0) return false;
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
  return buffer.toString() !== "\n";
}
