import { PulseError } from "#core/errors.ts";

/** SQLite's result codes that say something of the machine, not of the statement; any other is a bug of ours. */
const UNAVAILABLE = new Map([
  [5, "the database is in use by another process, and each needs one of its own"],
  [6, "the database is locked"],
  [7, "out of memory"],
  [8, "the database is read-only"],
  [10, "the disk failed"],
  [13, "the disk is full"],
  [14, "the database file cannot be opened"],
  [26, "its file is not a database"],
]);

const RETRY_AFTER_SECONDS = 5;

/** What SQLite threw, as `unavailable` where a retry may help; anything else as it is. */
export function fromSqliteFailure(error: unknown): unknown {
  if (typeof error !== "object" || error === null || !("errcode" in error)) return error;
  const reason = UNAVAILABLE.get(Number(error.errcode) & 0xff);
  if (reason === undefined) return error;
  return new PulseError("unavailable", reason, { cause: error, retryAfterSeconds: RETRY_AFTER_SECONDS });
}
