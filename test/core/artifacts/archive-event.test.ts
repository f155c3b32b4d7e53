import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { archiveEventId, requireArchivable, toArchiveEvent, versionOf } from "#core/artifacts/archive-event.ts";
import { toEventJson } from "#core/events/event.ts";
import { fromJournalLine, toJournalLine } from "#core/events/records/journal-record.ts";
import { expandTags } from "#core/events/tags.ts";
import { isUuid, uuidV7 } from "#core/uuid.ts";

const KEY = { namespace: "default", kind: "breeds", name: "sava:9050" } as const;
const STATE = {
  ...KEY,
  version: 3,
  changedAtMs: Date.UTC(2026, 2, 15, 12),
  change: "update",
  content: { source: 'a: "ä"\r\n', format: "yaml" },
} as const;

describe("an archive event", () => {
  test("tells of a change what Vamp told, and what Vamp documented", () => {
    expect(toArchiveEvent(STATE)).toEqual({
      id: archiveEventId(KEY, 3),
      namespace: "default",
      type: "archive",
      tags: ["breeds", "breeds:sava:9050", "archive", "archive:update", "archiving", "archiving:update"],
      value: '"a: \\"ä\\"\\r\\n"',
      timestamp: "2026-03-15T12:00:00.000Z",
      timestampMs: STATE.changedAtMs,
      receivedAtMs: STATE.changedAtMs,
      key: "breeds/sava:9050",
    });
  });

  test("has the tags that an event which is posted with them would have, and none without a value for a deletion", () => {
    const { content: _, ...deleted } = { ...STATE, change: "delete" } as const;
    const event = toArchiveEvent(deleted);

    expect(expandTags(event.tags)).toEqual(event.tags);
    expect(event).not.toHaveProperty("value");
  });

  test("is the same after the journal", () => {
    expect(fromJournalLine(toJournalLine(toArchiveEvent(STATE)))).toEqual(toArchiveEvent(STATE));
  });

  test("has an id of its artifact and version alone, in the order of versions", () => {
    const version = fc.integer({ min: 1, max: 2 ** 32 - 1 });
    fc.assert(
      fc.property(fc.string(), fc.string(), version, version, (name, other, one, two) => {
        const id = archiveEventId({ ...KEY, name }, one);
        expect(isUuid(id)).toBe(true);
        expect(id).toMatch(/^.{14}8.{4}[89ab]/);
        expect(versionOf({ id }, { ...KEY, name })).toBe(one);
        expect(versionOf({ id }, { ...KEY, name: other })).toBe(name === other ? one : undefined);
        expect(id < archiveEventId({ ...KEY, name }, two)).toBe(one < two);
      }),
    );
    expect(versionOf({ id: archiveEventId(KEY, 1) }, { ...KEY, namespace: "team-a" })).toBeUndefined();
    expect(versionOf({ id: uuidV7(0) }, KEY)).toBeUndefined();
  });

  test("of the largest source that is taken is an event of 256 KiB, to the byte", () => {
    const empty = toEventJson(toArchiveEvent({ ...STATE, content: { source: "", format: "json" }, change: "create" }));
    const room = 256 * 1024 - Buffer.byteLength(empty);

    expect(() => requireArchivable(KEY, "x".repeat(room))).not.toThrow();
    expect(() => requireArchivable(KEY, "x".repeat(room + 1))).toThrow(
      expect.objectContaining({ kind: "too-large", message: expect.stringContaining("at most 262144") }),
    );
    expect(() => requireArchivable(KEY, "\n".repeat(room / 2 + 1))).toThrow();
  });

  test("does not make a source small by what it hides of it", () => {
    expect(() => requireArchivable(KEY, `whsec_${"x".repeat(300_000)}`)).toThrow(
      expect.objectContaining({ kind: "too-large" }),
    );
  });
});
