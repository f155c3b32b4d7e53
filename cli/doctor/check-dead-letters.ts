import { type Finding, ok, warn } from "#cli/doctor/finding.ts";
import { filesIn, type Place, type PlacedFile } from "#cli/places/place.ts";
import { counted } from "#cli/reporter.ts";
import { LineSplitter } from "#core/events/archive-lines.ts";

const PART = "dead letters";
/** Files that are opened for their reasons; beyond, they are counted only. */
const READ_FILES = 100;
const LISTED_REASONS = 5;

/** How many dead letters wait, since when, and why. Those that were redriven are no longer waiting. */
export async function checkDeadLetters(place: Place): Promise<readonly Finding[]> {
  const files: PlacedFile[] = [];
  for await (const file of filesIn(place, (folder) => !folder.endsWith(REDRIVEN))) if (file.bytes > 0) files.push(file);
  if (files.length === 0) return [ok(PART, `none in ${place.name}`)];
  const newest = new Date(Math.max(...files.map(({ modifiedMs }) => modifiedMs))).toISOString();
  const reasons = await readReasons(place, files.slice(-READ_FILES));
  const total = [...reasons.values()].reduce((sum, count) => sum + count, 0);
  const count = files.length > READ_FILES ? `${total} in the last ${READ_FILES} of` : `${total} in`;
  const says = `${count} ${counted(files.length, "file")} of ${place.name}, the newest of ${newest}`;
  return [warn(PART, `${says}: ${reasonsText(reasons)}`, "dead-letters")];
}

/** Where redriven letters are moved to. */
const REDRIVEN = "redriven/";

function reasonsText(reasons: ReadonlyMap<string, number>): string {
  const commonFirst = [...reasons].sort(([, one], [, other]) => other - one);
  const listed = commonFirst.slice(0, LISTED_REASONS).map(([reason, count]) => `${reason} (${count})`);
  return listed.join(", ") + (commonFirst.length > LISTED_REASONS ? ", …" : "");
}

async function readReasons(place: Place, files: readonly PlacedFile[]): Promise<ReadonlyMap<string, number>> {
  const reasons = new Map<string, number>();
  const count = (reason: string): void => void reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  for (const { path } of files) {
    const splitter = new LineSplitter();
    for await (const chunk of place.read(path))
      for (const line of splitter.push(chunk)) count("text" in line ? reasonOf(line.text) : "unreadable");
    for (const line of splitter.end()) count("text" in line ? reasonOf(line.text) : "unreadable");
  }
  return reasons;
}

/** What Lambda puts aside by itself is a batch; what a consumer does, a letter that says why. */
interface Letter {
  readonly reason?: unknown;
  readonly requestContext?: { readonly condition?: unknown };
}

function reasonOf(line: string): string {
  try {
    const { reason, requestContext } = JSON.parse(line) as Letter;
    if (requestContext !== undefined) return `a batch that Lambda gave up, ${String(requestContext.condition)}`;
    return withoutData(String(reason));
  } catch {
    return "unreadable";
  }
}

/** The kind of the reason: what follows may show parts of the event. */
const withoutData = (reason: string): string => /^[^:"'`[({]*/.exec(reason)?.[0].trim() || "no reason given";
