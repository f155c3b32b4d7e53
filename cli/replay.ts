import { defaultFolder } from "#cli/call.ts";
import { shownAddress } from "#cli/opensearch-target.ts";
import { openPlace, type Place } from "#cli/places/place.ts";
import { type ReplayState, replayArchive } from "#cli/replay/replay-archive.ts";
import { boundsOf } from "#cli/replay/replay-bounds.ts";
import { type ReplayCall, readReplayCall } from "#cli/replay/replay-call.ts";
import { forgetRun, type ReplayIdentity, readRun, saveRun, stateFileIn } from "#cli/replay/saved-run.ts";
import { summaryOf } from "#cli/replay/summary.ts";
import { counted, openReporter } from "#cli/reporter.ts";
import type { EventStore } from "#core/events/event-store.ts";
import { archivedEventReader } from "#core/haproxy/logs/journal-item.ts";
import type { RetryPolicy } from "#stores/opensearch/backoff.ts";
import type { OpenSearchSettings } from "#stores/opensearch/client.ts";
import { type OpenSearchEventStore, openOpenSearchEventStore } from "#stores/opensearch/opensearch-event-store.ts";

const HELP = `Indexes archived events and log lines again: what OpenSearch holds stays as it is, what it lacks is added.

  pulse replay <folder | file | s3://bucket/prefix> --opensearch <url> [options]

  --opensearch <url>  where events are kept; its index templates must be installed
  --auth <how>        none, or sigv4 with the credentials of the environment (default: sigv4 for a domain of AWS)
  --since <time>      only events received then or later (2026-03, 2026-03-15T12:00:00Z, now-2d)
  --until <time>      only events received then or before; never what the indexers have yet to pass
  --type <a,b>        only events of these types
  --haproxy-config <file>
                      a haproxy.cfg of the gateways, for log lines in formats of their own; may be repeated
  --declared <file>   the types that the deployment declares itself, if it does: a JSON array
  --dry-run           count what would be replayed, and write nothing
  --resume <file>     keeps how far an unfinished replay has come (default: a file in .pulse)
  --help

A replay that was interrupted goes on when it is started again with the same options. It ends with 0 when all
was replayed, with 1 when something could not be read or kept, with 2 where it is shown no archive.

Example: one month, from the archive of a deployment

  pulse replay s3://my-archive/events --since 2026-03 --until 2026-03 \\
    --opensearch https://search-pulse-abc.eu-central-1.es.amazonaws.com
`;

/** An operator rather waits for a cluster that restarts than starts again: some ten minutes. */
const PATIENCE: RetryPolicy = { tries: 30, baseMs: 200, maxMs: 60_000 };

/** `pulse replay`. */
export async function replay(args: string[]): Promise<void> {
  const call = readReplayCall(args);
  if (call === "help") {
    process.stdout.write(HELP);
    return;
  }
  const archive = await openPlace(call.archive);
  const store = await openOpenSearchEventStore(call.target, { writeRetry: PATIENCE, types: call.declared });
  try {
    await runReplay(call, archive, store);
  } finally {
    await store.close();
    archive.close();
  }
}

async function runReplay(call: ReplayCall, archive: Place, store: OpenSearchEventStore): Promise<void> {
  const { since, until, types, dryRun } = call;
  const identity: ReplayIdentity = {
    archive: archive.name,
    opensearch: shownAddress(call.target),
    since,
    until,
    types,
  };
  const stateFile = call.stateFile ?? stateFileIn(defaultFolder(), identity);
  const saved = dryRun ? undefined : readRun(stateFile, identity);
  const bounds = saved?.bounds ?? boundsOf(call, await indexedUntil(call.target), Date.now());
  const save = seldom((state: ReplayState) => saveRun(stateFile, { replay: identity, bounds, state }));
  const reporter = openReporter();
  const running = replayArchive({
    archive,
    wanted: { fromMs: bounds.fromMs, toMs: bounds.toMs, types: new Set(types) },
    read: archivedEventReader(call.parse),
    arrivedByMs: bounds.arrivedByMs,
    keep: dryRun ? keepNothing : (entries) => store.keep(entries),
    state: saved?.state,
    onFault: ({ file, line, reason }) => reporter.fault(`${file}${line === undefined ? "" : `:${line}`}: ${reason}`),
    onProgress(state) {
      if (!dryRun) save(state);
      reporter.progress(() => `${counted(state.lines.kept, "event")}, ${counted(state.files, "file")}, ${state.path}`);
    },
  });
  const outcome = await running.finally(() => reporter.end());
  await store.refresh();
  if (!dryRun) forgetRun(stateFile);
  process.stdout.write(summaryOf(call, archive.name, bounds, outcome));
  const { lines, damaged } = outcome;
  if (lines.refused + lines.unreadable + damaged > 0) process.exitCode = 1;
}

/** Without that patience: who named the wrong address waits for nothing. */
async function indexedUntil(target: OpenSearchSettings): Promise<number | undefined> {
  const store = await openOpenSearchEventStore(target);
  return store.indexedUntil().finally(() => store.close());
}

const keepNothing: EventStore["keep"] = async (entries) => entries.map(() => ({ kept: true }));

const SAVED_EVERY_MS = 1000;

/** Not told each time: an interrupted run goes on a little earlier, and what is kept twice is kept once. */
function seldom<Told>(tell: (told: Told) => void): (told: Told) => void {
  let lastMs = 0;
  return (told) => {
    if (Date.now() - lastMs < SAVED_EVERY_MS) return;
    lastMs = Date.now();
    tell(told);
  };
}
