import { buffer } from "node:stream/consumers";
import { type Finding, ok, unknown, warn } from "#cli/doctor/finding.ts";
import type { Place, PlacedFile } from "#cli/places/place.ts";
import { holdsLetters, type Letter, readLetters } from "#cli/redrive/read-letters.ts";
import { waitingFiles } from "#cli/redrive/redrive-letters.ts";
import { counted } from "#cli/reporter.ts";

const PART = "dead letters";
/** Files that are opened for their reasons; beyond, they are counted only. */
const READ_FILES = 100;
const LISTED_REASONS = 5;

/** How many dead letters wait, since when, and why. Those that were redriven are no longer waiting. */
export async function checkDeadLetters(place: Place): Promise<readonly Finding[]> {
  const files: PlacedFile[] = [];
  const others: PlacedFile[] = [];
  for await (const file of waitingFiles(place))
    if (file.bytes > 0) (holdsLetters(file.path) ? files : others).push(file);
  if (files.length === 0 && others[0] !== undefined) {
    const says = `${place.name} holds ${counted(others.length, "file")}, and none of dead letters (${others[0].path})`;
    return [unknown(PART, says, "out-of-reach")];
  }
  if (files.length === 0) return [ok(PART, `none in ${place.name}`)];
  const newest = new Date(Math.max(...files.map(({ modifiedMs }) => modifiedMs))).toISOString();
  const reasons = await readReasons(place, files.slice(-READ_FILES));
  const total = [...reasons.values()].reduce((sum, count) => sum + count, 0);
  const count = files.length > READ_FILES ? `${total} in the last ${READ_FILES} of` : `${total} in`;
  const says = `${count} ${counted(files.length, "file")} of ${place.name}, the newest of ${newest}`;
  return [warn(PART, `${says}: ${reasonsText(reasons)}`, "dead-letters")];
}

function reasonsText(reasons: ReadonlyMap<string, number>): string {
  const commonFirst = [...reasons].sort(([, one], [, other]) => other - one);
  const listed = commonFirst.slice(0, LISTED_REASONS).map(([reason, count]) => `${reason} (${count})`);
  return listed.join(", ") + (commonFirst.length > LISTED_REASONS ? ", …" : "");
}

async function readReasons(place: Place, files: readonly PlacedFile[]): Promise<ReadonlyMap<string, number>> {
  const reasons = new Map<string, number>();
  for (const { path } of files) {
    for (const letter of readLetters(path, await buffer(place.read(path)))) {
      const reason = reasonOf(letter);
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    }
  }
  return reasons;
}

/** The kind of the reason: what follows may show parts of the event. */
const reasonOf = (letter: Letter): string =>
  "reason" in letter ? /^[^:"'`[({]*/.exec(letter.reason)?.[0].trim() || "no reason given" : "unreadable";
