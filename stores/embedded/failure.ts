import { PulseError } from "#core/errors.ts";

const IN_USE = 5;

/** SQLite's result codes that say something of the machine, not of the statement; any other is a bug of ours. */
const UNAVAILABLE = new Map([
  [IN_USE, "the database is in use by another process, and each needs one of its own"],
  [6, "the database is locked"],
  [7, "out of memory"],
  [8, "the database is read-only"],
  [10, "the disk failed"],
  [13, "the disk is full"],
  [14, "the database file cannot be opened"],
  [26, "its file is not a database"],
]);

const RETRY_AFTER_SECONDS = 5;

/** What SQLite threw, as `unavailable` where a retry may help; anything else as it is. `holder`: who uses the file. */
export function fromSqliteFailure(error: unknown, holder?: number): unknown {
  if (typeof error !== "object" || error === null || !("errcode" in error)) return error;
  const code = Number(error.errcode) & 0xff;
  const reason = UNAVAILABLE.get(code);
  if (reason === undefined) return error;
  const detail = code === IN_USE && holder !== undefined ? `${reason}: that one is process ${holder}` : reason;
  return new PulseError("unavailable", detail, { cause: error, retryAfterSeconds: RETRY_AFTER_SECONDS });
}
