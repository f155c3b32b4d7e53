import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { PausedTrigger, PausedTriggers } from "#core/triggers/paused-triggers.ts";

export interface OpenPausedTriggers {
  readonly paused: PausedTriggers;
  close(): Promise<void> | void;
}

const tell = { namespace: "default", kind: "triggers", name: "te/ll", version: 2 } as const;

/** What every memory of paused triggers promises. */
export function remembersPausedTriggers(name: string, open: () => Promise<OpenPausedTriggers>): void {
  describe(`${name} remembers paused triggers`, () => {
    let opened: OpenPausedTriggers;
    let paused: PausedTriggers;
    beforeEach(async () => {
      opened = await open();
      ({ paused } = opened);
    });
    afterEach(() => opened.close());

    const listed = async (): Promise<readonly PausedTrigger[]> =>
      [...(await paused.list())].sort((one, other) => (one.kind < other.kind ? -1 : 1));

    test("of each, listed and by its name, the version that is paused", async () => {
      await paused.pause(tell);
      await paused.pause({ ...tell, kind: "workflows", version: 7 });

      expect(await listed()).toEqual([tell, { ...tell, kind: "workflows", version: 7 }]);
      expect(await paused.find(tell)).toEqual(tell);
      expect(await paused.find({ ...tell, kind: "workflows" })).toMatchObject({ version: 7 });
      expect(await paused.find({ ...tell, name: "other" })).toBeUndefined();
      expect(await paused.find({ ...tell, namespace: "team-a" })).toBeUndefined();
    });

    test("a later version in place of an earlier one, never the other way round, and says whether it was news", async () => {
      expect(await paused.pause(tell)).toBe(true);
      expect(await paused.pause(tell)).toBe(false);
      expect(await paused.pause({ ...tell, version: 10 })).toBe(true);
      expect(await paused.pause({ ...tell, version: 9 })).toBe(false);

      expect(await paused.find(tell)).toMatchObject({ version: 10 });
      expect(await listed()).toEqual([{ ...tell, version: 10 }]);
    });

    test("the latest, whichever of many that pause at once comes first", async () => {
      const versions = [3, 9, 1, 12, 5, 11];

      await Promise.all(versions.map((version) => paused.pause({ ...tell, version })));

      expect(await paused.find(tell)).toMatchObject({ version: 12 });
    });
  });
}
