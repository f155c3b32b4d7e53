import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, jest, test } from "@jest/globals";

jest.setTimeout(120_000);

const SCRIPT = join(import.meta.dirname, "simulate.ts");

function simulate(...options: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT, ...options], { encoding: "utf8" });
  return { status, stdout, stderr };
}

describe("npm run simulate", () => {
  test("plays the seeds it is given, says how many broke a promise, and is quiet in a pipe", () => {
    const { status, stdout, stderr } = simulate("--seeds", "60", "--workers", "2");

    expect(stdout).toMatch(/\d {2}events accepted\n/);
    expect(stdout).toMatch(/\d {2}processes killed after a call\n/);
    expect(stdout).toMatch(/^60 seeds \(.* a second\): 0 violations$/m);
    expect(stderr).toBe("");
    expect(status).toBe(0);
  });

  test("answers with one JSON object", () => {
    const { status, stdout } = simulate("--seeds", "3", "--from", "7", "--workers", "1", "--json");

    expect(JSON.parse(stdout)).toMatchObject({ seeds: 3, failed: [], coverage: { POSTs: expect.any(Number) } });
    expect(status).toBe(0);
  });

  test("tells what happens in one world, with the faults that are named and no others", () => {
    const { stdout } = simulate("--seed", "7", "--posts", "1", "--only", "lost-call,split", "--trace");

    expect(stdout).toMatch(/^ +\d+ ms {2}create-events \d+: POST \{/m);
    expect(stdout).not.toContain("killed-");
    expect(stdout).toMatch(/^seed 7: 0 violations$/m);
  });

  test.each([
    [["--seeds", "many"], '--seeds takes a whole number from 1 on, not "many"'],
    [["--seed", "1", "--only", "rain"], 'there is no fault "rain"'],
    [["--trace"], "are for one --seed"],
    [["--sedes", "1"], "--sedes"],
  ])("refuses %j", (options, message) => {
    const { status, stderr } = simulate(...options);

    expect(stderr).toContain(message);
    expect(status).toBe(2);
  });
});
