import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { ReplayState } from "#cli/replay/replay-archive.ts";
import { forgetRun, type ReplayIdentity, readRun, saveRun, stateFileIn } from "#cli/replay/saved-run.ts";
import { temporaryFolder } from "#test/support/temporary-folder.ts";

const identity: ReplayIdentity = {
  archive: "s3://archive/events/",
  opensearch: "http://search:9200/",
  since: "2026-03",
  until: undefined,
  types: ["health"],
};
const bounds = { fromMs: 1, toMs: 2, arrivedByMs: 3 };
const state: ReplayState = {
  path: "2026/03/15/12/a.gz",
  line: 7,
  files: 1,
  damaged: 0,
  lines: { kept: 7, refused: 0, unreadable: 0, leftOut: 0 },
};

describe("the state of a replay", () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let file: string;
  beforeEach(async () => {
    folder = await temporaryFolder();
    file = stateFileIn(join(folder.path, ".pulse"), identity);
  });
  afterEach(() => folder.remove());

  test("is read as it was saved, until it is forgotten", () => {
    expect(readRun(file, identity)).toBeUndefined();

    saveRun(file, { replay: identity, bounds, state });

    expect(readRun(file, identity)).toMatchObject({ bounds, state });
    forgetRun(file);
    expect(readRun(file, identity)).toBeUndefined();
  });

  test("is not taken for that of another replay", () => {
    saveRun(file, { replay: identity, bounds, state });

    expect(() => readRun(file, { ...identity, since: "2026-02" })).toThrow(/is the state of another replay: .*2026-03/);
  });

  test.each(["", "nonsense", "null", "[]", '{"replay":null}', '{"state":{}}'])("is not what %j says", (text) => {
    const other = join(folder.path, "other.json");
    writeFileSync(other, text);

    expect(() => readRun(other, identity)).toThrow(`${other} is not the state of a replay`);
    expect(readFileSync(other, "utf8")).toBe(text);
  });
});
