import { statfs } from "node:fs/promises";
import { join } from "node:path";
import { bad, type Finding, ok, unknown } from "#cli/doctor/finding.ts";
import { lagFindings } from "#cli/doctor/lag.ts";
import type { HeldCheckpoint } from "#cli/doctor/read-checkpoints.ts";
import { PulseError } from "#core/errors.ts";
import { fromSeq } from "#core/events/event-journal.ts";
import { BASE_PATH } from "#functions/routes.ts";
import { type LocalEventJournal, openLocalJournal } from "#journals/local/local-event-journal.ts";
import { type LocalLogJournal, openLocalLogJournal } from "#journals/local/local-log-journal.ts";
import { DATABASE_FILE, type EmbeddedDatabase, openDatabase } from "#stores/embedded/database.ts";
import { EmbeddedEventStore } from "#stores/embedded/embedded-event-store.ts";

export interface LocalCheck {
  /** What a local server keeps. */
  readonly folder: string;
  /** Of the OpenSearch that the server keeps events in. @default - it keeps them in the folder */
  readonly checkpoints?: readonly HeldCheckpoint[] | undefined;
  /** Where the server answers while it runs. */
  readonly serverUrl: string;
  readonly nowMs: number;
}

const PART = "local journal";
const SERVER_PATIENCE_MS = 3_000;

/**
 * The journals of a local server, of events and of log lines, and how far they are indexed. A server that runs has the
 * file to itself: then it is asked whether it works.
 */
export async function checkLocalJournal(check: LocalCheck): Promise<readonly Finding[]> {
  const file = join(check.folder, DATABASE_FILE);
  let database: EmbeddedDatabase;
  try {
    database = openDatabase(file);
  } catch (error) {
    if (!(error instanceof PulseError)) throw error;
    const server = await serverAt(check.serverUrl);
    if (server !== undefined) return [server];
    const where = `no Pulse answers at ${check.serverUrl} (--server says where it is)`;
    return [unknown(PART, `${error.message}, and ${where}`, "local-folder")];
  }
  try {
    return await checkOpened(database, check);
  } finally {
    database.close();
  }
}

/** What answers there says of itself; undefined when nothing does, or it is no Pulse. */
async function serverAt(url: string): Promise<Finding | undefined> {
  try {
    const answer = await fetch(`${url}${BASE_PATH}/info`, { signal: AbortSignal.timeout(SERVER_PATIENCE_MS) });
    const body = (await answer.json()) as Partial<ServerInfo> & { readonly detail?: string };
    if (answer.ok && body.engines !== undefined)
      return ok(PART, `in use by the server at ${url}: ${body.name} ${body.version}, events in ${body.engines.store}`);
    if (body.detail === undefined) return undefined;
    return bad(PART, `the server at ${url} answers ${answer.status}: ${body.detail}`, "local-folder");
  } catch {
    return undefined;
  }
}

interface ServerInfo {
  readonly name: string;
  readonly version: string;
  readonly engines: { readonly store: string };
}

async function checkOpened(
  database: EmbeddedDatabase,
  { checkpoints, nowMs }: LocalCheck,
): Promise<readonly Finding[]> {
  const seqs = checkpoints
    ? new Map(checkpoints.map((checkpoint) => [checkpoint.shard, checkpoint.seq]))
    : (await new EmbeddedEventStore({ database }).position()).shards;
  const mayBeElsewhere = checkpoints === undefined;
  const found = checkJournal(openLocalJournal({ database }), seqs, mayBeElsewhere, nowMs);
  const logs = openLocalLogJournal({ database });
  const hasLogs = logs.read(0n, 1, 1).length > 0;
  return hasLogs ? [...found, ...checkJournal(logs, seqs, mayBeElsewhere, nowMs)] : found;
}

type ReadJournal = Pick<LocalEventJournal | LocalLogJournal, "shard" | "read">;

/**
 * How long the first record has waited that is not indexed; `mayBeElsewhere`:
 * its checkpoint may be where nobody looked.
 */
function checkJournal(
  journal: ReadJournal,
  seqs: ReadonlyMap<string, string>,
  mayBeElsewhere: boolean,
  nowMs: number,
): readonly Finding[] {
  const { shard } = journal;
  const seq = seqs.get(shard);
  const [unread] = journal.read(seq === undefined ? 0n : fromSeq(seq).sequenceNumber, 1, 1);
  if (unread !== undefined && seq === undefined && mayBeElsewhere)
    return [
      unknown(PART, `of ${shard} nothing is indexed here: say --opensearch, as the server was told`, "local-folder"),
    ];
  if (unread === undefined) return [ok(PART, `${shard} is indexed to its end`)];
  const late = lagFindings(PART, shard, nowMs - unread.appendedAtMs);
  return late.length > 0 ? late : [ok(PART, `${shard} is indexed but for the last minute`)];
}

const LITTLE_SPACE_PERCENT = 5;

/** Whether the folder's disk has room for more. */
export async function checkLocalDisk(folder: string): Promise<readonly Finding[]> {
  const { bavail, blocks, bsize } = await statfs(folder);
  const freePercent = Math.round((100 * bavail) / blocks);
  const freeGib = ((bavail * bsize) / 2 ** 30).toFixed(1);
  const says = `${freeGib} GiB are free, ${freePercent} %`;
  return [freePercent < LITTLE_SPACE_PERCENT ? bad("local disk", says, "local-folder") : ok("local disk", says)];
}
