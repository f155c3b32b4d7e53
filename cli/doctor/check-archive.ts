import { bad, type Finding, ok, warn } from "#cli/doctor/finding.ts";
import { durationText } from "#cli/doctor/lag.ts";
import type { Place, PlacedFile } from "#cli/places/place.ts";

const PART = "archive";
/** Firehose writes a file each minute; from here on its alarm tells it too. */
const LATE_MS = 15 * 60_000;
const EVENTS = "events/";
const ERRORS = "errors/";

export interface ArchiveCheck {
  /** Holds a folder for each stream, and one of what could not be delivered. */
  readonly place: Place;
  /** When the newest event that is indexed arrived in the journal, where that is known. */
  readonly newestIndexedMs: number | undefined;
  readonly nowMs: number;
}

/** How new the archive is, and whether something could not be archived. */
export async function checkArchive({ place, newestIndexedMs, nowMs }: ArchiveCheck): Promise<readonly Finding[]> {
  const folders = await foldersIn(place);
  const newest = folders.has(EVENTS) ? await newestFile(place, EVENTS) : undefined;
  const failed = folders.has(ERRORS) ? await newestFile(place, ERRORS) : undefined;
  return [...ageFindings(place, newest, newestIndexedMs, nowMs), ...errorFindings(failed)];
}

function ageFindings(
  place: Place,
  newest: PlacedFile | undefined,
  newestIndexedMs: number | undefined,
  nowMs: number,
): readonly Finding[] {
  const archivedMs = newest?.modifiedMs ?? -Infinity;
  const isMissing = newestIndexedMs !== undefined && newestIndexedMs > archivedMs && nowMs - newestIndexedMs > LATE_MS;
  const state = newest === undefined ? `${place.name} has no file` : `the newest file is ${newest.path}`;
  if (isMissing) {
    const late = durationText(nowMs - (newestIndexedMs as number));
    return [bad(PART, `${state}, and what was indexed ${late} ago is not in it`, "archive-behind")];
  }
  return [ok(PART, newest === undefined ? state : `${state}, of ${durationText(nowMs - archivedMs)} ago`)];
}

const errorFindings = (failed: PlacedFile | undefined): readonly Finding[] =>
  failed === undefined ? [] : [warn(PART, `could not deliver ${failed.path}`, "archive-behind")];

async function foldersIn(place: Place): Promise<ReadonlySet<string>> {
  const folders = new Set<string>();
  for await (const entry of place.entries("")) if ("folder" in entry) folders.add(entry.folder);
  return folders;
}

/** The last file of the last folder that has one: folders are named by time, so few need to be listed. */
async function newestFile(place: Place, folder: string): Promise<PlacedFile | undefined> {
  const folders: string[] = [];
  let newest: PlacedFile | undefined;
  for await (const entry of place.entries(folder)) {
    if ("folder" in entry) folders.push(entry.folder);
    else if (newest === undefined || entry.modifiedMs > newest.modifiedMs) newest = entry;
  }
  for (const later of folders.reverse()) {
    const found = await newestFile(place, later);
    if (found !== undefined) return found;
  }
  return newest;
}
