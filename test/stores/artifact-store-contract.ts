import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { ArtifactKey } from "#core/artifacts/artifact.ts";
import { toArchivedVersion } from "#core/artifacts/artifact-history.ts";
import type { ArtifactChange, ArtifactStore, Changed, Precondition } from "#core/artifacts/artifact-store.ts";
import type { Event } from "#core/events/event.ts";

export interface OpenArtifacts {
  readonly artifacts: ArtifactStore;
  /** The archive events of an artifact so far, in the order of the journal. */
  eventsOf(key: ArtifactKey): Promise<readonly Event[]>;
  close(): Promise<void> | void;
}

const AT_MS = Date.UTC(2026, 2, 15, 12);

let named = 0;
const aKey = (given: Partial<ArtifactKey> = {}): ArtifactKey => ({
  namespace: "default",
  kind: "breeds",
  name: `breed-${named++}`,
  ...given,
});

const json = (source: string) => ({ source, format: "json" }) as const;

/** What every store of artifacts promises; of a hundred writers at once, so many at least succeed. */
export function behavesLikeAnArtifactStore(
  name: string,
  open: () => Promise<OpenArtifacts>,
  { leastWriters }: { readonly leastWriters: number },
): void {
  describe(`${name} keeps artifacts`, () => {
    let opened: OpenArtifacts;
    let artifacts: ArtifactStore;

    beforeAll(async () => {
      opened = await open();
      artifacts = opened.artifacts;
    });
    afterAll(() => opened?.close());

    const put = (key: ArtifactKey, source: string, when: Precondition = {}, given: Partial<ArtifactChange> = {}) =>
      artifacts.change({ ...key, content: json(source), when, atMs: AT_MS, ...given });
    const remove = (key: ArtifactKey, when: Precondition = {}) => artifacts.change({ ...key, when, atMs: AT_MS });
    const versionsOf = async (key: ArtifactKey) =>
      (await opened.eventsOf(key)).map((event) => toArchivedVersion(event, key));

    test("finds what was put, and nothing before", async () => {
      const key = aKey();
      expect(await artifacts.find(key)).toBeUndefined();

      const changed = await put(key, '{"a":1}');

      const artifact = { ...key, ...json('{"a":1}'), version: 1, changedAtMs: AT_MS };
      expect(changed).toEqual({ outcome: "created", artifact });
      expect(await artifacts.find(key)).toEqual(artifact);
    });

    test("makes one event of each change, with its source, in their order", async () => {
      const key = aKey();
      await put(key, "1");
      await put(key, "2", {}, { content: { source: "2", format: "yaml" } });
      await remove(key);
      await put(key, "4");

      expect(await versionsOf(key)).toMatchObject([
        { version: 1, change: "create", source: "1" },
        { version: 2, change: "update", source: "2" },
        { version: 3, change: "delete", source: undefined },
        { version: 4, change: "create", source: "4" },
      ]);
    });

    test("keeps time growing with versions, whatever the clocks say", async () => {
      const key = aKey();
      await put(key, "1", {}, { atMs: AT_MS + 5000 });
      await put(key, "2", {}, { atMs: AT_MS });
      await remove(key);

      const times = (await opened.eventsOf(key)).map(({ timestampMs }) => timestampMs - AT_MS);

      expect(times).toEqual([5000, 5001, 5002]);
    });

    test("leaves alone what is like that already: no version, no event", async () => {
      const key = aKey();
      await put(key, "1");

      expect(await put(key, "1")).toMatchObject({ outcome: "unchanged", artifact: { version: 1 } });
      // As when the answer to a change of version 7 was lost.
      expect(await put(key, "1", { among: [7] })).toMatchObject({ outcome: "unchanged", artifact: { version: 1 } });
      expect(await remove(aKey())).toEqual({ outcome: "unchanged", artifact: undefined });
      expect(await remove(aKey(), { among: "any" })).toEqual({ outcome: "unchanged", artifact: undefined });
      expect(await opened.eventsOf(key)).toHaveLength(1);
    });

    test("takes the same text in another format for another version", async () => {
      const key = aKey();
      await put(key, "{}");

      const changed = await put(key, "{}", {}, { content: { source: "{}", format: "yaml" } });

      expect(changed).toMatchObject({ outcome: "updated", artifact: { version: 2, format: "yaml" } });
    });

    test("changes only what is as it must be, and tells what there is", async () => {
      const key = aKey();
      expect(await put(key, "1", { among: "any" })).toEqual({ outcome: "conflict", artifact: undefined });
      expect(await put(key, "1", { among: [1] })).toEqual({ outcome: "conflict", artifact: undefined });
      expect(await put(key, "1", { noneOf: "any" })).toMatchObject({ outcome: "created" });
      // Who creates the same is told that it was not the first.
      expect(await put(key, "1", { noneOf: "any" })).toMatchObject({ outcome: "conflict", artifact: { version: 1 } });
      expect(await put(key, "2", { among: [2, 3] })).toMatchObject({ outcome: "conflict", artifact: { version: 1 } });
      expect(await put(key, "2", { noneOf: [1] })).toMatchObject({ outcome: "conflict", artifact: { version: 1 } });
      expect(await remove(key, { among: [2] })).toMatchObject({ outcome: "conflict", artifact: { version: 1 } });
      expect(await put(key, "2", { among: [1], noneOf: [2] })).toMatchObject({ outcome: "updated" });
      expect(await remove(key, { among: [2] })).toEqual({ outcome: "deleted", version: 3 });
      expect(await put(key, "1", { among: [3] })).toEqual({ outcome: "conflict", artifact: undefined });
      expect(await put(key, "1", { noneOf: "any" })).toMatchObject({ outcome: "created", artifact: { version: 4 } });
      expect(await opened.eventsOf(key)).toHaveLength(4);
    });

    test("lets one of 100 simultaneous writers win that all replace the same version", async () => {
      const key = aKey();
      await put(key, "0");

      const changes = await Promise.all(
        Array.from({ length: 100 }, (_, writer) => put(key, String(writer + 1), { among: [1] })),
      );

      const won = changes.filter(({ outcome }) => outcome === "updated");
      expect(won).toHaveLength(1);
      expect(changes.filter(({ outcome }) => outcome === "conflict")).toHaveLength(99);
      expect(won[0]).toMatchObject({ artifact: { version: 2 } });
      expect(await artifacts.find(key)).toEqual((won[0] as { artifact: unknown }).artifact);
      expect(await opened.eventsOf(key)).toHaveLength(2);
    });

    test("gives each of 100 simultaneous writers that succeeds one version, and each version one event", async () => {
      const key = aKey();

      const ends = await Promise.allSettled(Array.from({ length: 100 }, (_, writer) => put(key, String(writer))));

      const made = ends.flatMap((end) => {
        // Whoever had no turn for too long is told to try again, and has made nothing.
        if (end.status === "rejected") expect(end.reason).toMatchObject({ kind: "unavailable" });
        return end.status === "fulfilled" ? [end.value] : [];
      });
      const sources = new Map(
        made.map((changed) => {
          if (changed.outcome !== "created" && changed.outcome !== "updated") throw new Error(changed.outcome);
          return [changed.artifact.version, changed.artifact.source];
        }),
      );
      expect(made.length).toBeGreaterThanOrEqual(leastWriters);
      expect(await versionsOf(key)).toMatchObject(
        made.map((_, index) => ({ version: index + 1, source: sources.get(index + 1) })),
      );
    }, 120_000);

    test("lists the artifacts of a kind by name, without deleted ones, page by page", async () => {
      const names = ["b", "a", "a/b", "ä", "a b", "￿", "🐘", "_all", "*", "__proto__"];
      const kind = "conditions";
      for (const name of names) await put(aKey({ kind, name }), "{}");
      await put(aKey({ kind, name: "a0" }), "{}");
      await remove(aKey({ kind, name: "a0" }));
      await put(aKey({ namespace: "team-a", kind, name: "not ours" }), "{}");
      const sorted = [...names].sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));

      for (const limit of [1, 3, 10, 100]) {
        const listed: string[] = [];
        for (let after: string | undefined, more = true; more; more = after !== undefined) {
          const page = await artifacts.list("default", kind, { limit, ...(after !== undefined && { after }) });
          expect(page.artifacts.length).toBeLessThanOrEqual(limit);
          listed.push(...page.artifacts.map(({ name }) => name));
          after = page.next;
        }
        expect(listed).toEqual(sorted);
      }
      expect(await artifacts.list("default", "slas", { limit: 10 })).toEqual({ artifacts: [] });
    });

    test("keeps namespaces and kinds apart", async () => {
      const key = aKey();
      await put(key, "1");

      expect(await artifacts.find({ ...key, namespace: "team-a" })).toBeUndefined();
      expect(await artifacts.find({ ...key, kind: "blueprints" })).toBeUndefined();
    });

    test.each([
      ["long names", "x".repeat(200), "{}"],
      ["names of other scripts", "ключ 🔑 '\"\\", "{}"],
      ["sources of 256 KB", "large", JSON.stringify({ a: "x".repeat(255_000) })],
      ["sources with every character", "odd", "\ufeff\u0001 \r\n\t ¹ 🐘 \u2028"],
    ])("keeps %s as they are", async (_, name, source) => {
      const key = aKey({ name });

      await put(key, source);

      expect(await artifacts.find(key)).toMatchObject({ name, source });
      expect(await versionsOf(key)).toMatchObject([{ version: 1, source }]);
    });

    test("does what is written down of it, whatever is done in which order", async () => {
      const content = fc.option(fc.constantFrom("1", "2").map(json), { nil: undefined, freq: 3 });
      const versions = fc.oneof(
        fc.constant("any" as const),
        fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 3 }),
      );
      const when = fc.record({ among: versions, noneOf: versions }, { requiredKeys: [] });
      const step = fc.record({ content, when, atMs: fc.integer({ min: AT_MS - 5, max: AT_MS + 5 }) });
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
          const key = aKey();
          const made: { version: number; source: string | undefined }[] = [];
          for (const { content, when, atMs } of steps) {
            const present = made.at(-1)?.source === undefined ? undefined : made.at(-1);
            const expected = expectedOutcome(present, content?.source, when);
            const changed = await artifacts.change({ ...key, ...(content && { content }), when, atMs });
            expect(changed.outcome).toBe(expected);
            if (isChange(changed)) made.push({ version: made.length + 1, source: content?.source });
          }
          expect(await versionsOf(key)).toMatchObject(made);
        }),
        { numRuns: 20 },
      );
    });
  });
}

const isChange = ({ outcome }: Changed): boolean =>
  outcome === "created" || outcome === "updated" || outcome === "deleted";

/** Told a second time, as RFC 9110 puts it: what there is without the condition first, then the conditions. */
function expectedOutcome(
  present: { readonly version: number; readonly source: string | undefined } | undefined,
  wanted: string | undefined,
  { among, noneOf }: Precondition,
): Changed["outcome"] {
  if (present === undefined && wanted === undefined) return "unchanged";
  const isIn = (versions: Precondition["among"]): boolean =>
    present !== undefined && (versions === "any" || (versions ?? []).includes(present.version));
  if (noneOf !== undefined && isIn(noneOf)) return "conflict";
  if (present !== undefined && wanted === present.source) return "unchanged";
  if (among !== undefined && !isIn(among)) return "conflict";
  if (wanted === undefined) return "deleted";
  return present === undefined ? "created" : "updated";
}
