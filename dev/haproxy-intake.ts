import { type Clock, sleep } from "#core/clock.ts";
import type { Event } from "#core/events/event.ts";
import type { EventJournal } from "#core/events/event-journal.ts";
import { uuidV7 } from "#core/events/uuid.ts";
import { parseHaproxyLine } from "#core/haproxy/parse-haproxy-line.ts";
import { toHaproxyEvent } from "#core/haproxy/to-event.ts";
import { DEFAULT_NAMESPACE } from "#core/namespaces.ts";
import { listenForSyslog, type ReceivedSyslog, type SyslogListener } from "#dev/syslog-listener.ts";

export interface HaproxyIntakeOptions {
  readonly port: number;
  /** The zone of the gateways' clocks. */
  readonly zone: string;
  readonly journal: EventJournal;
  readonly clock: Clock;
  /** Told of a bug that cost lines: which cannot be kept, and why. */
  readonly onError: (error: unknown) => void;
}

const RETRY_MS = 250;

/**
 * Syslog in, `haproxy` events into the journal. A line that does not parse becomes an event that says why; while the
 * journal takes nothing, the listener waits.
 */
export function listenForHaproxyLogs({
  port,
  zone,
  journal,
  clock,
  onError,
}: HaproxyIntakeOptions): Promise<SyslogListener> {
  const append = async (lines: readonly ReceivedSyslog[]): Promise<void> => {
    let events = lines.map((line) => toEvent(line, zone));
    while (events.length > 0) {
      const appended = await journal.append(events);
      events = events.filter((_, index) => "notTaken" in (appended[index] ?? {}));
      if (events.length > 0) await sleep(clock, RETRY_MS);
    }
  };
  return listenForSyslog({
    port,
    onLines: async (lines) => {
      try {
        await append(lines);
      } catch {
        // A bug: one by one it costs only the lines that it is about.
        for (const line of lines) await append([line]).catch(onError);
      }
    },
  });
}

function toEvent({ line, receivedAtMs, cut }: ReceivedSyslog, zone: string): Event {
  const received = { id: uuidV7(receivedAtMs), namespace: DEFAULT_NAMESPACE, receivedAtMs, line };
  return toHaproxyEvent(received, parseHaproxyLine(line, { zone, receivedAtMs, cut }));
}
