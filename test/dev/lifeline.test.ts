import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";

import { describe, expect, test } from "@jest/globals";

import { spawnWithLifeline } from "#dev/lifeline.ts";

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe("a process spawned with a lifeline", () => {
  test("ends when the one that spawned it is killed", async () => {
    const parent = spawn(process.execPath, [
      "--input-type=module",
      "--eval",
      'const { spawnWithLifeline } = await import("#dev/lifeline.ts");' +
        'console.log(spawnWithLifeline(["sleep", "600"], "ignore").pid);',
    ]);
    const pid = Number(String((await once(parent.stdout, "data"))[0]));
    expect(isAlive(pid)).toBe(true);

    parent.kill("SIGKILL");

    while (isAlive(pid)) await sleep(10);
  });

  test("is stopped by its own id", async () => {
    const child = spawnWithLifeline(["sleep", "600"], "ignore");

    child.kill("SIGTERM");

    expect(await once(child, "exit")).toEqual([null, "SIGTERM"]);
  });

  test("tells how it ended by itself", async () => {
    const child = spawnWithLifeline(["sh", "-c", "exit 7"], "ignore");

    expect(await once(child, "exit")).toEqual([7, null]);
  });
});
