import { invalidInput, PulseError } from "#core/errors.ts";
import type { JournalPoint } from "#core/events/event-journal.ts";
import { eventIdOf } from "#core/haproxy/logs/event-id.ts";
import type { LogJournal } from "#core/haproxy/logs/log-journal.ts";
import type { SentLine } from "#core/haproxy/logs/sent-lines.ts";
import { parseLogLine } from "#core/haproxy/logs/to-event.ts";
import type { LineParser } from "#core/haproxy/parser/haproxy-parser.ts";
import type { Rejection } from "#core/haproxy/parser/record.ts";

/** What became of a sent line: durable at its point, and the event that it will be; or why it was not taken. */
export type ReceivedLine = { readonly place: number } & (
  | { readonly id: string; readonly point: JournalPoint; readonly unparsed?: Rejection["reason"] }
  | { readonly refused: PulseError }
);

/** Puts the records among the lines into the journal; answers for each line, in order. */
export async function receiveLogs(
  sent: readonly SentLine[],
  { journal, parse }: { readonly journal: LogJournal; readonly parse: LineParser },
): Promise<ReceivedLine[]> {
  const records = sent.flatMap((line) => ("record" in line ? [line.record] : []));
  const appended = await journal.append(records);
  let next = 0;
  return sent.map((line) => {
    const { place } = line;
    if ("faults" in line) return { place, refused: invalidInput(line.faults) };
    const outcome = appended[next++];
    if (outcome === undefined) throw new Error("the journal answered fewer records than it was given");
    if ("notTaken" in outcome) {
      const { notTaken, retryAfterSeconds } = outcome;
      return {
        place,
        refused: new PulseError("unavailable", `the journal did not take the line: ${notTaken}`, { retryAfterSeconds }),
      };
    }
    const { record } = line;
    const parsed = "receipt" in record ? undefined : parseLogLine(record, parse);
    return {
      place,
      id: eventIdOf(record.id),
      point: outcome.point,
      ...(parsed !== undefined && "rejected" in parsed && { unparsed: parsed.rejected.reason }),
    };
  });
}
