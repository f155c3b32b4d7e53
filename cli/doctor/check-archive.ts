import { bad, type Finding, ok, unknown, warn } from "#cli/doctor/finding.ts";
import { durationText } from "#cli/doctor/lag.ts";
import type { Place, PlacedFile } from "#cli/places/place.ts";
import { ARCHIVED_STREAMS, type ArchivedStream, ERRORS_FOLDER } from "#core/events/records/archive-layout.ts";

const PART = "archive";
/** Firehose writes a file each minute; from here on its alarm tells it too. */
const LATE_MS = 15 * 60_000;

/**
 * When the newest record that is indexed of a stream arrived there, -Infinity
 * when none is; only of those that are known.
 */
export type IndexedTimes = Readonly<Partial<Record<ArchivedStream, number>>>;

export interface ArchiveCheck {
  /** Holds a folder for each stream, and one of what could not be delivered. */
  readonly place: Place;
  readonly indexedMs: IndexedTimes;
  readonly nowMs: number;
}

/** How new the archive is, whether it lacks what is indexed, and whether something could not be archived. */
export async function checkArchive({ place, indexedMs, nowMs }: ArchiveCheck): Promise<readonly Finding[]> {
  const folders = await foldersIn(place);
  const newestIn = async (folder: string) => (folders.has(folder) ? await newestFile(place, folder) : undefined);
  const ages: Finding[] = [];
  for (const stream of ARCHIVED_STREAMS)
    ages.push(...ageFindings(`${stream}/`, await newestIn(`${stream}/`), indexedMs[stream], nowMs));
  const errors = errorFindings(await newestIn(ERRORS_FOLDER));
  if (ages.length + errors.length > 0) return [...ages, ...errors];
  const says = `${place.name} has no folder ${ARCHIVED_STREAMS.join("/ or ")}/: is it an archive?`;
  return [unknown(PART, says, "out-of-reach")];
}

/** Nothing of a stream that has no file, and of which nothing else is known. */
function ageFindings(
  folder: string,
  newest: PlacedFile | undefined,
  indexedMs: number | undefined,
  nowMs: number,
): readonly Finding[] {
  const archivedMs = newest?.modifiedMs ?? -Infinity;
  const state = newest === undefined ? `${folder} has no file` : `the newest file is ${newest.path}`;
  if (indexedMs !== undefined && indexedMs > archivedMs && nowMs - indexedMs > LATE_MS) {
    const late = durationText(nowMs - indexedMs);
    return [bad(PART, `${state}, and what was indexed ${late} ago is not in it`, "archive-behind")];
  }
  if (newest !== undefined) return [ok(PART, `${state}, of ${durationText(nowMs - archivedMs)} ago`)];
  if (indexedMs === undefined) return [];
  return [ok(PART, `${state}, and nothing older is indexed`)];
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
