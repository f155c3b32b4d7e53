import type { ReceivedLine } from "#agent/inputs/line-sink.ts";
import { type Clock, sleep } from "#core/clock.ts";
import type { LogJournal } from "#core/haproxy/logs/log-journal.ts";
import { type LogLine, toLineBytes } from "#core/haproxy/logs/log-record.ts";
import { DEFAULT_NAMESPACE } from "#core/namespaces.ts";
import { uuidV7 } from "#core/uuid.ts";
import { listenForSyslog, type SyslogListener } from "#dev/syslog-listener.ts";

export interface HaproxyIntakeOptions {
  readonly port: number;
  /** The zone of the gateways' clocks. */
  readonly zone: string;
  readonly journal: LogJournal;
  readonly clock: Clock;
  /** Told of a bug that cost lines: which cannot be kept, and why. */
  readonly onError: (error: unknown) => void;
}

const RETRY_MS = 250;

/** Syslog in, log records into their journal. While the journal takes nothing, the listener waits. */
export function listenForHaproxyLogs({
  port,
  zone,
  journal,
  clock,
  onError,
}: HaproxyIntakeOptions): Promise<SyslogListener> {
  const append = async (lines: readonly ReceivedLine[]): Promise<void> => {
    let records = lines.map((line) => toLogLine(line, zone));
    while (records.length > 0) {
      const appended = await journal.append(records);
      records = records.filter((_, index) => "notTaken" in (appended[index] ?? {}));
      if (records.length > 0) await sleep(clock, RETRY_MS);
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

/** Whatever sends to this machine's listener does not say its name. */
const SOURCE = "syslog";

function toLogLine({ bytes, receivedAtMs, cut }: ReceivedLine, zone: string): LogLine {
  return {
    id: uuidV7(receivedAtMs),
    at: new Date(receivedAtMs).toISOString(),
    namespace: DEFAULT_NAMESPACE,
    source: SOURCE,
    zone,
    ...(cut && { cut }),
    ...toLineBytes(bytes),
  };
}
