import { open } from "node:fs/promises";
import { join } from "node:path";

/** A record that its receiver will never take, as it was sent, and why. */
interface QuarantinedRecord {
  readonly reason: string;
  readonly record: string;
}

/** Where records lie that no receiver takes, for people to look at: NDJSON that is only ever appended to. */
const quarantineIn = (folder: string): string => join(folder, "quarantine.ndjson");

/** A receiver that refuses everything must not fill the disk: further records are counted only. */
const MAX_BYTES = 64 * 1024 * 1024;

/** Puts the records aside: they are on the disk when it is done, as long as there is room for them. */
export async function quarantine(folder: string, refused: readonly QuarantinedRecord[]): Promise<void> {
  const file = await open(quarantineIn(folder), "a", 0o600);
  try {
    if ((await file.stat()).size >= MAX_BYTES) return;
    await file.appendFile(refused.map((record) => `${JSON.stringify(record)}\n`).join(""));
    await file.datasync();
  } finally {
    await file.close();
  }
}
