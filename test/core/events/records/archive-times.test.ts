import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { arrivedBy, mayHold, replayableUntil } from "#core/events/records/archive-times.ts";

const HOUR_MS = 3_600_000;
const at = (text: string): number => Date.parse(text);
const range = (from: string, to: string): [number, number] => [at(from), at(to)];

describe("a folder of the archive", () => {
  const MARCH_15 = range("2026-03-15T00:00:00Z", "2026-03-15T23:59:59.999Z");

  test.each([
    "events/2026/",
    "s3://bucket/events/2026/03/",
    "events/2026/03/15/",
    "events/2026/03/15/00/",
    "events/2026/03/15/23/",
    "events/2026/03/14/23/",
    "events/2026/03/16/",
    "2026/",
    "events/",
    "/backups/2025/events/",
    "events/2026/13/",
    "events/20261/",
  ])("%s may hold events received on 2026-03-15", (folder) => {
    expect(mayHold(folder, ...MARCH_15)).toBe(true);
  });

  test.each([
    "events/2025/",
    "events/2027/",
    "events/2026/02/",
    "events/2026/04/",
    "events/2026/03/14/22/",
    "events/2026/03/13/",
    "events/2026/03/18/",
    "/backups/2026/events/2025/03/",
  ])("%s holds none received on 2026-03-15", (folder) => {
    expect(mayHold(folder, ...MARCH_15)).toBe(false);
  });

  test("is never left out when an event received in a range arrived in it, up to a day later", () => {
    const since2020 = fc.integer({ min: Date.UTC(2020, 0), max: Date.UTC(2030, 0) });
    fc.assert(
      fc.property(
        since2020,
        fc.nat(24 * HOUR_MS),
        fc.nat(3 * HOUR_MS),
        fc.nat(3 * HOUR_MS),
        (receivedMs, late, before, after) => {
          const hour = new Date(receivedMs + late).toISOString().replace(/[-T]/g, "/").slice(0, "yyyy/mm/dd/hh".length);
          const folders = hour.split("/").map((_, index, parts) => `events/${parts.slice(0, index + 1).join("/")}/`);

          for (const folder of folders) expect(mayHold(folder, receivedMs - before, receivedMs + after)).toBe(true);
        },
      ),
    );
  });
});

describe("a file of the archive", () => {
  test("holds what had arrived when it was written, and when its hour was over", () => {
    const path = "s3://bucket/events/2026/03/15/12/file.ndjson.gz";

    expect(arrivedBy(path, at("2026-03-15T12:04:00Z"))).toBe(at("2026-03-15T12:04:00Z"));
    expect(arrivedBy(path, at("2026-11-01T00:00:00Z"))).toBe(at("2026-03-15T13:15:00Z"));
  });

  test("tells nothing of its time outside the folder of an hour", () => {
    expect(arrivedBy("copies/2026/03/file.ndjson", at("2026-03-15T12:04:00Z"))).toBeUndefined();
    expect(arrivedBy("file.ndjson", at("2026-03-15T12:04:00Z"))).toBeUndefined();
  });
});

describe("a replay", () => {
  const now = at("2026-03-15T12:00:00Z");

  test("stays ten minutes behind the oldest checkpoint", () => {
    expect(replayableUntil(at("2026-03-15T11:59:00Z"), now)).toBe(at("2026-03-15T11:49:00Z"));
  });

  test("is not held back by a shard that is closed, but for as long as a journal may hold its events", () => {
    expect(replayableUntil(at("2025-01-01T00:00:00Z"), now)).toBe(at("2026-03-08T11:50:00Z"));
    expect(replayableUntil(-Infinity, now)).toBe(at("2026-03-08T11:50:00Z"));
  });
});
