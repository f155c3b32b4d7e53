import type { DeliveryState } from "#agent/delivery.ts";
import type { Input } from "#agent/inputs/line-sink.ts";
import type { Spool } from "#agent/spool/spool.ts";
import { DROP_CAUSES } from "#core/haproxy/logs/log-record.ts";

/** What an agent can tell of itself at any moment. */
export interface AgentStatus {
  readonly inputs: readonly Input[];
  readonly spool: Spool;
  readonly waitingLines: number;
  readonly delivery: DeliveryState;
  readonly nowMs: number;
}

/** With nothing delivered for so long, somebody should look. */
const FAILING_MS = 60_000;

/** What is not well, in words; nothing when all is. */
export function troublesOf({ spool, delivery, nowMs }: AgentStatus): string[] {
  const troubles: string[] = [];
  const { failing } = delivery;
  if (failing !== undefined && nowMs - failing.sinceMs >= FAILING_MS)
    troubles.push(`nothing passes since ${new Date(failing.sinceMs).toISOString()}: ${failing.reason}`);
  if (spool.bytes >= spool.maxBytes) troubles.push(`the spool is full with ${spool.bytes} bytes`);
  return troubles;
}

interface Metric {
  readonly name: string;
  readonly type: "counter" | "gauge";
  readonly help: string;
  readonly samples: readonly { readonly labels?: Readonly<Record<string, string>>; readonly value: number }[];
}

/** In the text format of Prometheus. */
export function printMetrics(status: AgentStatus): string {
  return metricsOf(status)
    .map(({ name, type, help, samples }) => {
      const lines = samples.map(({ labels = {}, value }) => `${name}${printLabels(labels)} ${value}\n`);
      return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join("")}`;
    })
    .join("");
}

function metricsOf({ inputs, spool, waitingLines, delivery }: AgentStatus): Metric[] {
  const { ledger, delivered } = spool;
  const one = (value: number): Metric["samples"] => [{ value }];
  return [
    {
      name: "pulse_forward_received_lines_total",
      type: "counter",
      help: "Lines of an input since it was opened, lost ones included.",
      samples: inputs.map(({ name, receivedLines }) => ({ labels: { input: name }, value: receivedLines })),
    },
    {
      name: "pulse_forward_connections",
      type: "gauge",
      help: "Senders that are connected.",
      samples: inputs.flatMap(({ name, connections }) =>
        connections === undefined ? [] : [{ labels: { input: name }, value: connections }],
      ),
    },
    {
      name: "pulse_forward_lost_lines_total",
      type: "counter",
      help: "Lines that were lost since there is a spool.",
      // Each from the beginning: an increase is seen of a series that was there before.
      samples: DROP_CAUSES.map((cause) => ({ labels: { cause }, value: ledger.lost[cause] ?? 0 })),
    },
    {
      name: "pulse_forward_sent_lines_total",
      type: "counter",
      help: "Lines that were delivered.",
      samples: one(delivery.sentLines),
    },
    {
      name: "pulse_forward_retries_total",
      type: "counter",
      help: "Batches that were sent again.",
      samples: one(delivery.retries),
    },
    {
      name: "pulse_forward_failing",
      type: "gauge",
      help: "1 while nothing passes.",
      samples: one(delivery.failing === undefined ? 0 : 1),
    },
    {
      name: "pulse_forward_sequence",
      type: "gauge",
      help: "The number that was given last.",
      samples: [{ labels: { incarnation: ledger.incarnation }, value: ledger.next - 1 }],
    },
    {
      name: "pulse_forward_backlog_lines",
      type: "gauge",
      help: "Lines of this incarnation in the spool that are not delivered.",
      samples: one(ledger.next - 1 - delivered.sentTo),
    },
    {
      name: "pulse_forward_waiting_lines",
      type: "gauge",
      help: "Lines in memory that are not spooled.",
      samples: one(waitingLines),
    },
    { name: "pulse_forward_spool_bytes", type: "gauge", help: "What the spool takes.", samples: one(spool.bytes) },
    {
      name: "pulse_forward_spool_limit_bytes",
      type: "gauge",
      help: "What the spool may take.",
      samples: one(spool.maxBytes),
    },
    {
      name: "pulse_forward_memory_bytes",
      type: "gauge",
      help: "Resident memory of the agent.",
      samples: one(process.memoryUsage.rss()),
    },
  ];
}

function printLabels(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}
