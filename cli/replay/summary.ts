import { shownAddress } from "#cli/opensearch-target.ts";
import type { ReplayOutcome } from "#cli/replay/replay-archive.ts";
import type { ReplayBounds } from "#cli/replay/replay-bounds.ts";
import type { ReplayCall } from "#cli/replay/replay-call.ts";
import { counted } from "#cli/reporter.ts";

/** What a replay came to, for whoever started it. */
export function summaryOf(call: ReplayCall, archive: string, bounds: ReplayBounds, outcome: ReplayOutcome): string {
  const { lines, files, damaged, tooYoung } = outcome;
  const events = `${counted(lines.kept, "event")} from ${counted(files, "file")}`;
  const told = [
    `${call.dryRun ? "Would replay" : "Replayed"} ${events} of ${archive} into ${shownAddress(call.target)}`,
    receivedWhen(call, bounds),
    lines.leftOut > 0 && `${counted(lines.leftOut, "event")} left out: of another time or type`,
    tooYoung > 0 && `${counted(tooYoung, "file")} left out: the indexers may have yet to pass what is in them`,
    lines.refused > 0 && `${counted(lines.refused, "event")} refused by OpenSearch`,
    lines.unreadable > 0 && `${counted(lines.unreadable, "line")} unreadable`,
    damaged > 0 && `${counted(damaged, "part")} of files damaged`,
  ];
  return `${told.filter((line) => line !== false).join("\n  ")}\n`;
}

function receivedWhen(
  { toMs: asked = Infinity }: ReplayCall,
  { fromMs, toMs, arrivedByMs }: ReplayBounds,
): string | false {
  if (fromMs === undefined && toMs === undefined) return false;
  const since = fromMs === undefined ? "" : ` from ${toUtc(fromMs)}`;
  const until = toMs === undefined ? "" : ` until ${toUtc(toMs)}`;
  const isCut = arrivedByMs !== undefined && asked > arrivedByMs;
  return `received${since}${until}${isCut ? ", as far as the indexers have come" : ""}`;
}

const toUtc = (ms: number): string => new Date(ms).toISOString();
