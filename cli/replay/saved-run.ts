import { hash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { ReplayState } from "#cli/replay/replay-archive.ts";
import type { ReplayBounds } from "#cli/replay/replay-bounds.ts";
import { UsageError } from "#cli/usage-error.ts";

/** What makes two calls of the command one replay, as it was asked for. */
export interface ReplayIdentity {
  readonly archive: string;
  readonly opensearch: string;
  readonly since: string | undefined;
  readonly until: string | undefined;
  readonly types: readonly string[];
}

interface SavedRun {
  readonly replay: ReplayIdentity;
  readonly bounds: ReplayBounds;
  readonly state: ReplayState;
}

/** The file of a replay's state in a folder: one for each archive, target and selection. */
export const stateFileIn = (folder: string, identity: ReplayIdentity): string =>
  `${folder}/replay-${hash("sha256", JSON.stringify(identity)).slice(0, 12)}.json`;

/** What an interrupted run of the same replay left; undefined when there is none. */
export function readRun(file: string, identity: ReplayIdentity): Omit<SavedRun, "replay"> | undefined {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  const saved = fromText(text);
  if (saved === undefined) throw new UsageError(`${file} is not the state of a replay: remove it to begin anew`);
  if (JSON.stringify(saved.replay) !== JSON.stringify(identity))
    throw new UsageError(`${file} is the state of another replay: ${JSON.stringify(saved.replay)}`);
  return saved;
}

/** Undefined for a text that `saveRun` did not write. */
function fromText(text: string): SavedRun | undefined {
  try {
    const saved: SavedRun | null = JSON.parse(text);
    return saved?.replay ? saved : undefined;
  } catch {
    return undefined;
  }
}

/** Whoever reads the file sees all of a state, however the process ends. */
export function saveRun(file: string, saved: SavedRun): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.unfinished`, JSON.stringify(saved, undefined, 2), { mode: 0o600 });
  renameSync(`${file}.unfinished`, file);
}

export const forgetRun = (file: string): void => rmSync(file, { force: true });
