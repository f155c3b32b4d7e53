import { describe, expect, test } from "@jest/globals";
import { openLog } from "#agent/log.ts";

describe("the log of an agent", () => {
  test("is a JSON object a line", () => {
    const lines: string[] = [];
    const log = openLog(
      (line) => lines.push(line),
      () => 0,
    );

    log.error("it failed", { error: new Error("because"), input: "tcp" });

    expect(lines).toEqual([
      '{"at":"1970-01-01T00:00:00.000Z","level":"error","message":"it failed","error":"because","input":"tcp"}\n',
    ]);
  });

  test("tells what happens again and again once a second, and how often it did not", () => {
    const lines: string[] = [];
    let nowMs = 0;
    const log = openLog(
      (line) => lines.push(line),
      () => nowMs,
    );

    for (nowMs = 0; nowMs <= 1_000; nowMs += 100) log.warn("again");

    expect(lines.map((line) => JSON.parse(line).alsoUnsaid)).toEqual([undefined, 9]);
  });
});
