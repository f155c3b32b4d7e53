import { counted } from "#cli/reporter.ts";
import type { Completeness, GatewayReport, SpoolReport } from "#core/haproxy/logs/completeness.ts";
import type { DropCause, SequenceRange } from "#core/haproxy/logs/log-record.ts";
import { countOf } from "#core/haproxy/logs/sequence-ranges.ts";

const CAUSES: Readonly<Record<DropCause, string>> = {
  kernel: "datagrams that the kernel dropped",
  overload: "datagrams that came faster than they could be spooled",
  "spool-full": "the spool was full",
  "spool-failed": "the spool could not be written",
  "spool-damaged": "a part of the spool was damaged",
  refused: "refused by the receiver, and put aside by the agent",
};

/** A few lines of text for each gateway. */
export function showCompleteness({ gateways, withoutReceipts }: Completeness): string {
  const lines = gateways.flatMap(showGateway);
  for (const { gateway, lines: count } of withoutReceipts)
    lines.push(`${gateway}: ${counted(count, "line")} and no receipt: no agent tells of them, or not yet`);
  if (gateways.length === 0) lines.push("No agent has sent a receipt of this time: nothing can be said of its lines.");
  return `${lines.join("\n")}\n`;
}

function showGateway({ gateway, spools, silentSince }: GatewayReport): string[] {
  const silence = `${gateway}: no receipt since ${silentSince}: the agent does not run, or cannot deliver`;
  return [...spools.flatMap((spool) => showSpool(gateway, spool)), ...(silentSince === undefined ? [] : [silence])];
}

function showSpool(gateway: string, spool: SpoolReport): string[] {
  const { incarnation, since, until, from, to, kept, missing, doubled, dropped, waiting, untold, interruptions } =
    spool;
  const isComplete = missing.length === 0 && doubled === 0;
  const lost = missing.length === 0 ? "" : `${counted(countOf(missing), "line")} missing, `;
  const numbers = from > to ? "" : ` (${from}–${to})`;
  const first = `${gateway}: ${isComplete ? "complete, " : lost}${counted(kept, "line")} kept${numbers}, ${since} to ${until}`;
  const details = [
    `spool ${incarnation}`,
    missing.length > 0 && `missing: ${listed(missing)}`,
    doubled > 0 && `doubled: ${counted(doubled, "event")} more than lines`,
    ...[...byCause(dropped)].map(
      ([cause, ranges]) => `dropped: ${counted(countOf(ranges), "line")}, ${CAUSES[cause]}: ${listed(ranges)}`,
    ),
    waiting.length > 0 && `not delivered yet: ${counted(countOf(waiting), "line")}: ${listed(waiting)}`,
    untold.length > 0 && `without their receipts: ${listed(untold)}`,
    interruptions > 0 &&
      `the agent was ended by force ${counted(interruptions, "time")}: what it held then and had not spooled has no number (of a file it is read again)`,
  ];
  return [first, ...details.filter((detail) => detail !== false).map((detail) => `  ${detail}`)];
}

const byCause = (dropped: SpoolReport["dropped"]) => Map.groupBy(dropped, ({ cause }) => cause);

const LISTED_RANGES = 20;

function listed(ranges: readonly SequenceRange[]): string {
  const shown = ranges.slice(0, LISTED_RANGES).map(({ from, to }) => (from === to ? String(from) : `${from}–${to}`));
  const others = ranges.length - shown.length;
  return `${shown.join(", ")}${others > 0 ? ` and ${counted(others, "range")} more` : ""}`;
}
