import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** A log file, or one that it was before. */
export interface LogFile {
  readonly path: string;
  readonly inode: number;
}

/** What rotations append: `.1`, `-20261122`, `.2026-11-22T10`; compressed files are read no more. */
const ROTATED = /^[.-][\dT.:-]*\d$/;

/** The file, as far as it is there, and what it was before it was rotated; oldest first. */
export async function filesByAge(path: string): Promise<readonly LogFile[]> {
  const name = basename(path);
  const names = (await readdir(dirname(path))).filter(
    (other) => other.startsWith(name) && ROTATED.test(other.slice(name.length)),
  );
  const rotated = await Promise.all(names.map((other) => lookAt(join(dirname(path), other))));
  const current = await lookAt(path);
  return [...rotated.sort((one, other) => (one?.mtimeMs ?? 0) - (other?.mtimeMs ?? 0)), current].filter(
    (file) => file !== undefined,
  );
}

/**
 * What is written now instead of the file with that inode, or was at first; undefined while that one is still there.
 */
export async function successorOf(path: string, inode: number): Promise<string | undefined> {
  const current = await lookAt(path);
  if (current === undefined || current.inode === inode) return undefined;
  const files = await filesByAge(path);
  const place = files.findIndex((file) => file.inode === inode);
  return place === -1 ? path : files[place + 1]?.path;
}

/** Undefined when it is not there: it may be renamed at any moment. */
async function lookAt(path: string): Promise<(LogFile & { readonly mtimeMs: number }) | undefined> {
  try {
    const { ino, mtimeMs } = await stat(path);
    return { path, inode: ino, mtimeMs };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
