import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Up to where the spool is delivered. */
export interface Cursor {
  readonly segment: number;
  readonly offset: number;
  /** Lines, in all. */
  readonly delivered: number;
  /** Of the line that was delivered last. */
  readonly incarnation: string;
  readonly sentTo: number;
}

const pathIn = (folder: string): string => join(folder, "cursor.json");

/** Undefined when there is none that can be read: then all is sent again, under the same ids. */
export async function readCursor(folder: string): Promise<Cursor | undefined> {
  try {
    return JSON.parse(await readFile(pathIn(folder), "utf8")) as Cursor;
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Whoever reads it sees the one before or all of this one. It is not synced: an older one costs a repetition. */
export async function writeCursor(folder: string, cursor: Cursor): Promise<void> {
  const path = pathIn(folder);
  await writeFile(`${path}.unfinished`, JSON.stringify(cursor), { mode: 0o600 });
  await rename(`${path}.unfinished`, path);
}
