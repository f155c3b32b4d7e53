import type { DeliveryDatabase } from "#journals/local/local-delivery-queue.ts";

/** How far something has followed a journal of the file. */
export interface FollowedPlace {
  readonly sequenceNumber: bigint;
  /** Not synced: after a power cut some records are followed once more. */
  remember(sequenceNumber: bigint): void;
}

const SCHEMA = "CREATE TABLE IF NOT EXISTS followed_place (name TEXT PRIMARY KEY, sequence_number INTEGER NOT NULL)";
const REMEMBER = `
  INSERT INTO followed_place (name, sequence_number) VALUES (?, ?)
  ON CONFLICT DO UPDATE SET sequence_number = excluded.sequence_number`;

/** The place of that name. One that was never there begins behind all that the journal holds by now. */
export function openFollowedPlace(database: DeliveryDatabase, name: string, lastHeld: () => bigint): FollowedPlace {
  database.define(SCHEMA);
  const sql = "SELECT sequence_number AS held FROM followed_place WHERE name = ?";
  const held = database.get<{ held: number }>(sql, name)?.held;
  const place = {
    sequenceNumber: held === undefined ? lastHeld() : BigInt(held),
    remember(sequenceNumber: bigint) {
      if (sequenceNumber === place.sequenceNumber) return;
      place.sequenceNumber = sequenceNumber;
      write();
    },
  };
  const write = () =>
    void database.unsyncedTransaction(() => database.run(REMEMBER, name, Number(place.sequenceNumber)));
  if (held === undefined) write();
  return place;
}

/** Up to which record all that follows the journal of events is done; undefined where nothing does. */
export function followedByAll(database: DeliveryDatabase): bigint | undefined {
  database.define(SCHEMA);
  const { least } =
    database.get<{ least: number | null }>("SELECT min(sequence_number) AS least FROM followed_place") ?? {};
  return least == null ? undefined : BigInt(least);
}
