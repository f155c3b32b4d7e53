import { openApiEvents } from "#cli/haproxy/api-events.ts";
import type { AskedEvents } from "#cli/haproxy/asked-events.ts";
import { openLineRegister } from "#cli/haproxy/line-register.ts";
import { openStoreEvents } from "#cli/haproxy/store-events.ts";
import { readVerifyCall, type VerifyCall } from "#cli/haproxy/verify-call.ts";
import { showCompleteness } from "#cli/haproxy/verify-report.ts";
import { counted, openReporter, type Reporter } from "#cli/reporter.ts";
import { sleep, systemClock } from "#core/clock.ts";
import {
  type Completeness,
  examineCompleteness,
  isComplete,
  type LineRegister,
} from "#core/haproxy/logs/completeness.ts";

const HELP = `Says of each gateway whether all lines that its agent was given have become events, or which are missing.

  pulse haproxy verify [options]

  --since <time>                from when on: 1h is an hour ago, or a time like 2026-11-22T10:00:00Z (default 1h)
  --until <time>                up to when (default now)
  --gateway <name>              of this gateway only
  --namespace <name>            (default "default")
  --url <url>                   of the Pulse API (default http://127.0.0.1:3000)
  --authorization-file <file>   holds what the Authorization header says: "token <API key>" or "Bearer <token>"
                                (default: the environment's PULSE_AUTHORIZATION)
  --opensearch <url>            asks this OpenSearch instead of an API
  --auth <how>                  none, or sigv4 with the credentials of the environment (default: sigv4 for a domain of AWS)
  --exact                       reads every line; otherwise ten thousand at a time are counted, and read where the count is
                                not right (a doubled line could stand for a missing one)
  --wait <s>                    how long is looked again for what is missing: it may be on its way (default 10)
  --json                        for programs
  --help

An agent (pulse haproxy forward) numbers its lines and tells each minute, in a receipt, what became of them; this command
compares the receipts with the events. Lines that were dropped are not missing: their receipt names the cause.
It ends with 0 when all is complete, with 1 when a line is missing or doubled, or when a gateway has sent no receipts, with
2 when it was called wrongly.

Example: pulse haproxy verify --since 24h --gateway edge-1
`;

/** `pulse haproxy verify`. */
export async function verify(args: string[]): Promise<void> {
  const call = readVerifyCall(args, Date.now());
  if (call === "help") {
    process.stdout.write(HELP);
    return;
  }
  const reporter = openReporter();
  const events = await openEvents(call);
  try {
    const register = openLineRegister(events, (text) => reporter.fault(text));
    const found = await examinePatiently(register, call, reporter).finally(() => reporter.end());
    process.stdout.write(call.json ? `${JSON.stringify(toJson(found), null, 2)}\n` : showCompleteness(found));
    if (!isComplete(found)) process.exitCode = 1;
  } finally {
    await events.close();
  }
}

const toJson = (found: Completeness) => ({ complete: isComplete(found), ...found });

async function openEvents({ place, namespace }: VerifyCall): Promise<AskedEvents> {
  if ("url" in place) return openApiEvents(place);
  // Only now: the client is not needed otherwise, and takes its time.
  const { openOpenSearchEventStore } = await import("#stores/opensearch/opensearch-event-store.ts");
  return openStoreEvents(await openOpenSearchEventStore(place.openSearch), namespace);
}

const LOOK_AGAIN_MS = 1000;

/** Lines and receipts that were delivered become events a little later. */
async function examinePatiently(register: LineRegister, call: VerifyCall, reporter: Reporter): Promise<Completeness> {
  const { waitMs, ...window } = call;
  const startMs = Date.now();
  for (;;) {
    const found = await examineCompleteness(register, {
      ...window,
      nowMs: startMs,
      onProgress: (lines) => reporter.progress(() => `${counted(lines, "line")} looked for`),
    });
    if (!isLacking(found) || Date.now() - startMs >= waitMs) return found;
    await sleep(systemClock, LOOK_AGAIN_MS);
  }
}

const isLacking = ({ gateways }: Completeness): boolean =>
  gateways.length === 0 || gateways.some(({ spools }) => spools.some(({ missing }) => missing.length > 0));
