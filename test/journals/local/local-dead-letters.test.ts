import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { toSeq } from "#core/events/event-journal.ts";
import type { DeadLetter } from "#core/events/index-entries.ts";
import { LocalDeadLetters } from "#journals/local/local-dead-letters.ts";

const aLetter = (sequenceNumber: number): DeadLetter => ({
  reason: "mapper_parsing_exception: no\nsuch thing",
  point: { shard: "local/1", seq: toSeq(sequenceNumber, 0) },
  line: '{"id":"ключ"}',
});

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "dead-letters-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const linesOf = (place: string): string[] =>
  readFileSync(join(place, "dead-letters.ndjson"), "utf8").trimEnd().split("\n");
const lettersOf = (place: string): unknown[] => linesOf(place).map((line) => JSON.parse(line));

describe("dead letters in a folder", () => {
  test("are lines at the end of one file, which outlives the process", async () => {
    await new LocalDeadLetters(folder).take([aLetter(1), aLetter(2)]);
    await new LocalDeadLetters(folder).take([aLetter(3)]);

    expect(lettersOf(folder)).toEqual([aLetter(1), aLetter(2), aLetter(3)]);
  });

  test("make the folder, for nobody else to look into", async () => {
    const place = join(folder, "not", "there", "yet");

    await new LocalDeadLetters(place).take([aLetter(1)]);

    expect(lettersOf(place)).toEqual([aLetter(1)]);
    expect(statSync(place).mode & 0o077).toBe(0);
  });

  test("are not swallowed by a line that a crash cut short", async () => {
    await new LocalDeadLetters(folder).take([aLetter(1)]);
    appendFileSync(join(folder, "dead-letters.ndjson"), '{"reason":"mapp');

    await new LocalDeadLetters(folder).take([aLetter(2)]);

    const [first = "", , last = ""] = linesOf(folder);
    expect([first, last].map((line) => JSON.parse(line))).toEqual([aLetter(1), aLetter(2)]);
  });

  test("are not taken when the disk refuses, and a retry may help", async () => {
    const file = join(folder, "file");
    writeFileSync(file, "");

    await expect(new LocalDeadLetters(file).take([aLetter(1)])).rejects.toMatchObject({
      kind: "unavailable",
      cause: { code: "EEXIST" },
    });
  });
});
