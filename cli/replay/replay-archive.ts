import { filesIn, type Place, type PlacedFile } from "#cli/places/place.ts";
import { ArchiveDoubt, type ArchiveFault } from "#cli/replay/archive-doubt.ts";
import { readAhead } from "#cli/replay/read-ahead.ts";
import { readArchived } from "#cli/replay/read-archived.ts";
import type { EventStore } from "#core/events/event-store.ts";
import { ERRORS_FOLDER } from "#core/events/records/archive-layout.ts";
import { arrivedBy, mayHold } from "#core/events/records/archive-times.ts";
import { type ArchivedEvent, EventReplay, type ReplayCounts, type ReplayedEvents } from "#core/events/replay-events.ts";

/** How far a replay has come: enough to go on from there. */
export interface ReplayState {
  /** Of the files, in the order of their paths, all before this one are done. */
  readonly path: string;
  /** What is done of that one: up to this line, or all of it. */
  readonly line: number | "all";
  readonly files: number;
  /** Parts of files that could not be read. */
  readonly damaged: number;
  readonly lines: ReplayCounts;
}

export interface ArchiveReplayOptions {
  readonly archive: Place;
  readonly wanted: ReplayedEvents;
  /** A file that may hold what arrived later is left out. @default - none is */
  readonly arrivedByMs?: number | undefined;
  /** The event of a line. Throws a SyntaxError for a line that has none. */
  readonly read: (line: string) => ArchivedEvent;
  readonly keep: EventStore["keep"];
  readonly onFault: (fault: ArchiveFault) => void;
  /** Told whenever more is done. */
  readonly onProgress?: (state: ReplayState) => void;
  /** What an interrupted run was told last. @default - a fresh beginning */
  readonly state?: ReplayState | undefined;
}

const BEGINNING: ReplayState = {
  path: "",
  line: "all",
  files: 0,
  damaged: 0,
  lines: { kept: 0, refused: 0, unreadable: 0, leftOut: 0 },
};

export interface ReplayOutcome extends ReplayState {
  /** Files that were left out, as they may hold what arrived too late. */
  readonly tooYoung: number;
}

/** Keeps what an archive holds again, file by file. Throws a UsageError for a place that is none. */
export async function replayArchive({
  archive,
  wanted,
  arrivedByMs = Infinity,
  read,
  keep,
  onFault,
  onProgress = () => {},
  state = BEGINNING,
}: ArchiveReplayOptions): Promise<ReplayOutcome> {
  const doubt = new ArchiveDoubt(archive.name, onFault);
  const replay = new EventReplay({ wanted, read, keep, onFault: doubt.onFault, counts: state.lines });
  let { path, line, files, damaged } = state;
  let tooYoung = 0;

  const isDone = (file: string): boolean => file < state.path || (file === state.path && state.line === "all");
  const isWanted = (folder: string): boolean =>
    folder !== ERRORS_FOLDER &&
    (folder > state.path || state.path.startsWith(folder)) &&
    mayHold(archive.nameOf(folder), wanted.fromMs, wanted.toMs);

  async function* wantedFiles(): AsyncGenerator<PlacedFile> {
    for await (const file of filesIn(archive, isWanted)) {
      if (isDone(file.path)) continue;
      const arrivedMs = arrivedBy(archive.nameOf(file.path), file.modifiedMs);
      if (arrivedMs === undefined || arrivedMs <= arrivedByMs) yield file;
      else tooYoung++;
    }
  }

  const present = (): ReplayState => ({ path, line, files, damaged, lines: replay.counts });

  async function flush(): Promise<void> {
    await replay.flush();
    onProgress(present());
  }

  for await (const { file, chunks } of readAhead(wantedFiles(), archive)) {
    const name = archive.nameOf(file.path);
    const doneLines = file.path === state.path && state.line !== "all" ? state.line : 0;
    ({ path } = file);
    line = doneLines;
    for await (const part of readArchived(chunks)) {
      if ("reason" in part) {
        if (part.afterLine < doneLines) continue;
        damaged++;
        const { afterLine, atByte, bytes, reason } = part;
        doubt.onFault({
          file: name,
          reason: `after line ${afterLine}, ${bytes} bytes from byte ${atByte} are ${reason}`,
        });
        continue;
      }
      for (const archived of part) {
        if (archived.line <= doneLines) continue;
        if (replay.add(name, archived)) doubt.dispel();
        line = archived.line;
        if (replay.isFull) await flush();
      }
    }
    line = "all";
    files++;
    // Lines that still wait are told of when their batch is kept.
    if (replay.isEmpty) onProgress(present());
  }
  await flush();
  doubt.end();
  return { ...present(), tooYoung };
}
