import { hash } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { filesIn, type Place, type PlacedFile } from "#cli/places/place.ts";
import { holdsLetters, type Letter, readLetters } from "#cli/redrive/read-letters.ts";
import type { Clock } from "#core/clock.ts";
import { PulseError } from "#core/errors.ts";
import { appendAgain, type Journal } from "#core/events/append-again.ts";
import type { EventJournal } from "#core/events/event-journal.ts";
import { HAPROXY_EVENT_TYPE } from "#core/events/types/event-types.ts";
import type { LogJournal } from "#core/haproxy/logs/log-journal.ts";

/** Where letters are appended, by what they are of. */
export interface RedriveJournals {
  readonly events?: EventJournal;
  readonly haproxyLogs?: LogJournal;
}

export interface RedriveOptions {
  readonly place: Place;
  /** Letters without one for them stay. Without any nothing is appended or moved: all are counted. */
  readonly journals: RedriveJournals | undefined;
  readonly clock: Clock;
  /** Without any, those of all types; log records are all of `haproxy`. */
  readonly types: ReadonlySet<string>;
  /** Only letters whose reason contains it. */
  readonly reason: string;
  readonly onFault: (fault: { readonly file: string; readonly reason: string }) => void;
  readonly onProgress?: (counts: RedriveCounts, path: string) => void;
}

export interface RedriveCounts {
  readonly files: number;
  /** Letters that were appended. */
  readonly redriven: number;
  /** Letters of another type, reason or journal, which stay. */
  readonly leftOut: number;
  /** Letters of neither an event nor a log record, which stay. */
  readonly unreadable: number;
  /** Files that hold no letters, by their names. */
  readonly others: readonly string[];
}

/** Under it lies what has been appended; nothing is redriven from there. */
const DONE_FOLDER = "redriven/";
const ITEMS_AT_ONCE = 500;

/**
 * Appends dead letters to the journal, file by file, and moves each to `redriven/` when it is durable. A run that is
 * interrupted between the two appends some twice when it is repeated, and they are kept once.
 */
export async function redriveLetters(options: RedriveOptions): Promise<RedriveCounts> {
  const { place, onFault, onProgress = () => {} } = options;
  const { paths, others } = await pathsOf(place);
  const counts = { files: 0, redriven: 0, leftOut: 0, unreadable: 0, others };

  for (const path of paths) {
    const content = await buffer(place.read(path));
    const letters = readLetters(path, content);
    const wanted = letters.filter((letter) => isWanted(letter, options));
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

/** The files that were not redriven, those that hold no letters among them. */
export const waitingFiles = (place: Place): AsyncGenerator<PlacedFile> =>
  filesIn(place, (folder) => !`/${folder}`.endsWith(`/${DONE_FOLDER}`));

/** Read before anything is moved: what stays of a file may get a name that comes later. */
async function pathsOf(place: Place): Promise<{ readonly paths: string[]; readonly others: string[] }> {
  const paths: string[] = [];
  const others: string[] = [];
  for await (const { path } of waitingFiles(place)) (holdsLetters(path) ? paths : others).push(path);
  return { paths, others };
}

function isWanted(letter: Letter, { journals, types, reason }: RedriveOptions): boolean {
  if ("unreadable" in letter || !letter.reason.includes(reason)) return false;
  const [type, journal] =
    "event" in letter ? [letter.event.type, journals?.events] : [HAPROXY_EVENT_TYPE, journals?.haproxyLogs];
  return (types.size === 0 || types.has(type)) && (journals === undefined || journal !== undefined);
}

interface LetterFile {
  readonly path: string;
  readonly content: Buffer;
  readonly letters: readonly Letter[];
  readonly wanted: readonly Letter[];
}

/** Answers how many letters were appended and moved. Throws when a journal did not take all. */
async function redriveFile({ place, journals, clock }: RedriveOptions, file: LetterFile): Promise<number> {
  if (journals === undefined || file.wanted.length === 0) return file.wanted.length;
  const events = file.wanted.flatMap((letter) => ("event" in letter ? [letter.event] : []));
  const records = file.wanted.flatMap((letter) => ("record" in letter ? [letter.record] : []));
  const refusals = [
    await appendAll(journals.events, events, clock),
    await appendAll(journals.haproxyLogs, records, clock),
  ];
  const refused = new Set(refusals.flatMap(({ ids }) => [...ids]));
  const done = file.wanted.filter((letter) => !refused.has(idOf(letter)));
  if (done.length > 0) await moveAway(place, file, new Set(done));
  if (refused.size > 0) {
    const reasons = refusals.flatMap(({ ids, reason }) => (ids.size > 0 ? [reason] : []));
    throw new PulseError(
      "unavailable",
      `the journal did not take ${refused.size} letters of ${place.nameOf(file.path)}: ${reasons.join("; ")}`,
    );
  }
  return done.length;
}

/** Of the event or log record; what is unreadable has none. */
function idOf(letter: Letter): string {
  if ("event" in letter) return letter.event.id;
  return "record" in letter ? letter.record.id : "";
}

interface Refusal {
  /** Of what was not taken. */
  readonly ids: ReadonlySet<string>;
  readonly reason: string;
}

/** Each once, in batches, each when the one before is durable. */
async function appendAll<Item extends { readonly id: string }>(
  journal: Journal<Item> | undefined,
  repeated: readonly Item[],
  clock: Clock,
): Promise<Refusal> {
  const items = [...new Map(repeated.map((item) => [item.id, item])).values()];
  if (journal === undefined) return { ids: new Set(), reason: "" };
  for (let from = 0; from < items.length; from += ITEMS_AT_ONCE) {
    const { notTaken, reason } = await appendAgain(journal, items.slice(from, from + ITEMS_AT_ONCE), clock);
    const unasked = items.slice(from + ITEMS_AT_ONCE);
    if (notTaken.size > 0) return { ids: new Set([...notTaken, ...unasked].map(({ id }) => id)), reason };
  }
  return { ids: new Set(), reason: "" };
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
