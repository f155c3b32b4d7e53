import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { PulseError } from "#core/errors.ts";

/**
 * Makes the folder, and those above it. Its owner's alone: events and logs are nobody else's to read.
 * Throws `unavailable`, naming the path in the way. One by one, because Node's own way never ends
 * where the system answers ENOENT (`/proc`).
 */
export function makeFolder(folder: string): void {
  const found = statSync(folder, { throwIfNoEntry: false });
  if (found?.isDirectory()) return;
  if (found !== undefined) throw new PulseError("unavailable", `${folder} is a file, and not a folder`);
  makeFolder(dirname(folder));
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (cause) {
    if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return; // somebody else was quicker
    throw new PulseError("unavailable", `${folder} cannot be made: ${(cause as Error).message}`, { cause });
  }
}

const pidFileOf = (file: string): string => `${file}.pid`;

/**
 * Tells others who has the file, where that can be written. It says nothing by itself: it stays behind
 * when its process is killed, and is no lock.
 */
export function nameHolder(file: string): void {
  try {
    writeFileSync(pidFileOf(file), `${process.pid}\n`, { mode: 0o600 });
  } catch {
    forgetHolder(file); // rather nobody than somebody else
  }
}

export function forgetHolder(file: string): void {
  rmSync(pidFileOf(file), { force: true });
}

/** The process that has the locked file, where it can be known. */
export function holderOf(file: string): number | undefined {
  try {
    const pid = Number(readFileSync(pidFileOf(file), "utf8"));
    return Number.isSafeInteger(pid) && pid > 0 && isRunning(pid) ? pid : undefined;
  } catch {
    return undefined;
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"; // it runs, and is somebody else's
  }
}
