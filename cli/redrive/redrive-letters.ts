import { hash } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { filesIn, type Place, type PlacedFile } from "#cli/places/place.ts";
import type { Clock } from "#core/clock.ts";
import { PulseError } from "#core/errors.ts";
import { appendAgain } from "#core/events/append-again.ts";
import type { Event } from "#core/events/event.ts";
import type { EventJournal } from "#core/events/event-journal.ts";
import { holdsLetters, type Letter, readLetters } from "./read-letters.ts";

export interface RedriveOptions {
  readonly place: Place;
  /** Where the events are appended; without one nothing is appended or moved. */
  readonly journal: EventJournal | undefined;
  readonly clock: Clock;
  /** Without any, those of all types. */
  readonly types: ReadonlySet<string>;
  /** Only letters whose reason contains it. */
  readonly reason: string;
  readonly onFault: (fault: { readonly file: string; readonly reason: string }) => void;
  readonly onProgress?: (counts: RedriveCounts, path: string) => void;
}

export interface RedriveCounts {
  readonly files: number;
  /** Letters whose events were appended. */
  readonly redriven: number;
  /** Letters of another type or reason, which stay. */
  readonly leftOut: number;
  /** Letters without an event, which stay. */
  readonly unreadable: number;
}

/** Under it lies what has been appended; nothing is redriven from there. */
const DONE_FOLDER = "redriven/";
const EVENTS_AT_ONCE = 500;

/**
 * Appends the events of dead letters to the journal, file by file, and moves each letter to `redriven/` when its event is
 * durable. A run that is interrupted between the two appends events twice when it is repeated, and they are kept once.
 */
export async function redriveLetters(options: RedriveOptions): Promise<RedriveCounts> {
  const { place, types, reason, onFault, onProgress = () => {} } = options;
  const counts = { files: 0, redriven: 0, leftOut: 0, unreadable: 0 };
  const isWanted = (letter: Letter): boolean =>
    "event" in letter && letter.reason.includes(reason) && (types.size === 0 || types.has(letter.event.type));

  for (const path of await pathsOf(place)) {
    const content = await buffer(place.read(path));
    const letters = readLetters(path, content);
    const wanted = letters.filter(isWanted);
    const unreadable = letters.flatMap((letter) => ("unreadable" in letter ? [letter.unreadable] : []));
    for (const fault of unreadable) onFault({ file: place.nameOf(path), reason: fault });
    counts.files++;
    counts.unreadable += unreadable.length;
    counts.leftOut += letters.length - wanted.length - unreadable.length;
    counts.redriven += await redriveFile(options, { path, content, letters, wanted });
    onProgress(counts, path);
  }
  return counts;
}

/** The files whose letters wait to be redriven. */
export async function* waitingFiles(place: Place): AsyncGenerator<PlacedFile> {
  for await (const file of filesIn(place, (folder) => !`/${folder}`.endsWith(`/${DONE_FOLDER}`)))
    if (holdsLetters(file.path)) yield file;
}

/** Read before anything is moved: what stays of a file may get a name that comes later. */
async function pathsOf(place: Place): Promise<string[]> {
  const paths: string[] = [];
  for await (const { path } of waitingFiles(place)) paths.push(path);
  return paths;
}

interface LetterFile {
  readonly path: string;
  readonly content: Buffer;
  readonly letters: readonly Letter[];
  readonly wanted: readonly Letter[];
}

/** Answers how many letters were appended and moved. Throws when the journal did not take all. */
async function redriveFile({ place, journal, clock }: RedriveOptions, file: LetterFile): Promise<number> {
  if (journal === undefined || file.wanted.length === 0) return file.wanted.length;
  const events = new Map(file.wanted.flatMap((letter) => ("event" in letter ? [[letter.event.id, letter.event]] : [])));
  const appended = new Set<string>();
  const refusal = await appendAll(journal, [...events.values()], clock, appended);
  const done = file.wanted.filter((letter) => "event" in letter && appended.has(letter.event.id));
  if (done.length > 0) await moveAway(place, file, new Set(done));
  if (refusal !== undefined)
    throw new PulseError(
      "unavailable",
      `the journal did not take ${events.size - appended.size} events of ${place.nameOf(file.path)}: ${refusal}`,
    );
  return done.length;
}

/** In batches, each when the one before is durable; `appended` gathers their ids. Answers why the rest was not taken. */
async function appendAll(
  journal: EventJournal,
  events: readonly Event[],
  clock: Clock,
  appended: Set<string>,
): Promise<string | undefined> {
  for (let from = 0; from < events.length; from += EVENTS_AT_ONCE) {
    const batch = events.slice(from, from + EVENTS_AT_ONCE);
    const { notTaken, reason } = await appendAgain(journal, batch, clock);
    for (const event of batch) if (!notTaken.has(event)) appended.add(event.id);
    if (notTaken.size > 0) return reason;
  }
  return undefined;
}

/**
 * What was appended lies under `redriven/` before it is gone from where it was; a file whose letters stay in part is
 * written anew with those.
 */
async function moveAway(
  place: Place,
  { path, content, letters }: LetterFile,
  done: ReadonlySet<Letter>,
): Promise<void> {
  const left = letters.filter((letter) => !done.has(letter));
  if (left.length === 0) return place.move(path, donePath(path, content));
  const lines = [...done].map(({ text }) => text).join("");
  const rest = path.endsWith(".ndjson") ? path : `${path}.ndjson`;
  await place.write(donePath(rest, lines), lines);
  await place.write(rest, left.map(({ text }) => text).join(""));
  if (rest !== path) await place.remove(path);
}

/** One of its own for each content: letters of the same file that are redriven later must not write over it. */
function donePath(path: string, content: Buffer | string): string {
  const [name, extension] = path.endsWith(".ndjson") ? [path.slice(0, -".ndjson".length), ".ndjson"] : [path, ""];
  return `${DONE_FOLDER}${name}.${hash("sha256", content).slice(0, 12)}${extension}`;
}
