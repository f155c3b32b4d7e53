import { gzipSync } from "node:zlib";
import type { Event } from "#core/events/event.ts";
import { toJournalLine } from "#core/events/records/journal-record.ts";

/** `<stream>/yyyy/MM/dd/HH/<name>`, as Firehose names what arrived then. */
export const archivePath = (arrivedMs: number, name: string, stream = "events"): string =>
  `${stream}/${new Date(arrivedMs).toISOString().slice(0, "yyyy-mm-ddThh".length).replace(/[-T]/g, "/")}/${name}`;

/** The content of a file of the archive: one member of gzip. */
export const archived = (events: readonly Event[]): Buffer => gzipSync(events.map(toJournalLine).join(""));
