import { POSITION_LIFETIME_MS } from "#core/events/follow-events.ts";

/*
 * The archive's files lie in folders by the hour in which their records arrived in the journal, in UTC:
 * `events/2026/03/15/12/<file>`. An event arrives when it was received or later: a retry under an idempotency key, a
 * gateway's spool and a redrive keep the time at which it was received first.
 */

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** A file lies in the folder of its oldest record's hour, and gathers records for at most this long. */
const FILLING_MS = 15 * MINUTE_MS;
/**
 * How much later than its reception an event is expected to arrive, so that few folders need be searched: an
 * idempotency key is known for a day.
 */
const LATE_MS = 25 * HOUR_MS;
/**
 * The margin between what the indexers have passed and what is replayed: clocks differ, and arrival times are rounded.
 */
const BEHIND_INDEXERS_MS = 10 * MINUTE_MS;

/** Instants in milliseconds since 1970; `toMs` is the first one after. */
interface Period {
  readonly fromMs: number;
  readonly toMs: number;
}

const FOLDER = /(?:^|\/)(\d{4})(?:\/(\d\d)(?:\/(\d\d)(?:\/(\d\d))?)?)?\/$/;
const HOUR_FOLDER = /(?:^|\/)\d{4}\/\d\d\/\d\d\/\d\d\/$/;

/** The year, month, day or hour that a folder, its path ended by "/", is named for. */
function periodOf(folder: string): Period | undefined {
  const names = FOLDER.exec(folder)
    ?.slice(1)
    .filter((name) => name !== undefined);
  if (names === undefined) return undefined;
  const [year, month = 1, day = 1, hour = 0] = names.map(Number) as [number, ...number[]];
  if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23) return undefined;
  const step = (length: number): number => (names.length === length ? 1 : 0);
  return {
    fromMs: Date.UTC(year, month - 1, day, hour),
    toMs: Date.UTC(year + step(1), month - 1 + step(2), day + step(3), hour + step(4)),
  };
}

/** Whether events received between two instants may lie in a folder; only one that is named for a time is left out. */
export function mayHold(folder: string, fromMs = -Infinity, toMs = Infinity): boolean {
  const period = periodOf(folder);
  return period === undefined || (period.toMs + FILLING_MS > fromMs && period.fromMs <= toMs + LATE_MS);
}

/**
 * By when everything in a file had arrived; undefined when it lies in no folder
 * of an hour, and its copy is all there is.
 */
export function arrivedBy(path: string, modifiedMs: number): number | undefined {
  const folder = path.slice(0, path.lastIndexOf("/") + 1);
  const period = HOUR_FOLDER.test(folder) ? periodOf(folder) : undefined;
  return period === undefined ? undefined : Math.min(modifiedMs, period.toMs + FILLING_MS);
}

/**
 * Up to which time of arrival a replay may take what is archived. An event that it kept before its indexer would stay
 * without a place in the journal, and no stream would show it. `indexedUntilMs` is the time of the oldest checkpoint;
 * what no journal holds any more, no indexer is going to meet, however old the checkpoint of a shard that is closed.
 */
export const replayableUntil = (indexedUntilMs: number, nowMs: number): number =>
  Math.max(indexedUntilMs, nowMs - POSITION_LIFETIME_MS) - BEHIND_INDEXERS_MS;
