import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { temporaryFolder } from "#test/support/temporary-folder.ts";

const ROOT = join(import.meta.dirname, "../../..");

const FILES = {
  "first.test.ts": `
    import { afterAll, describe, expect, jest, test } from "@jest/globals";
    jest.setTimeout(200);
    jest.spyOn(Math, "random").mockReturnValue(2);
    test("passes", () => { process.env.OF_THE_FIRST = "1"; expect(Math.random()).toBe(2); });
    test("fails", () => { expect({ a: 1 }).toEqual({ a: 2 }); });
    test("hangs", () => new Promise(() => {}));
    test("leaves a rejection", async () => { Promise.reject(new Error("unseen")); await new Promise((done) => setTimeout(done, 20)); });
    test.each([1, 2])("is %i", (number) => { expect(number).toBe(1); });
    test("asserts too little", () => { expect.assertions(2); expect(1).toBe(1); });
    test.concurrent("waits beside the others", () => new Promise((done) => setTimeout(done, 20)));
    test.skip("is skipped", () => {});
  `,
  "second.test.ts": `
    import { expect, test } from "@jest/globals";
    test("finds all as it was", () => { expect([process.env.OF_THE_FIRST, Math.random() < 1]).toEqual([undefined, true]); });
    test("has the usual time", () => new Promise((done) => setTimeout(done, 400)));
  `,
  "broken.test.ts": `import "./nowhere.ts";`,
  "thrown.test.ts": `
    import { afterAll, test } from "@jest/globals";
    test("is well by itself", () => {});
    afterAll(() => { throw new Error("at the end"); });
  `,
};

interface Report {
  readonly success: boolean;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly title: string; readonly status: string }[];
  }[];
}

let folder: Awaited<ReturnType<typeof temporaryFolder>>;

beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.remove());

test("tells of all that fails in a file, and nothing of it reaches the next one", async () => {
  for (const [name, text] of Object.entries(FILES)) await writeFile(join(folder.path, name), text);
  await writeFile(join(folder.path, "package.json"), '{"type":"module"}');
  const support = join(ROOT, "test/support/jest");
  const config = {
    rootDir: folder.path,
    testEnvironment: join(support, "native-environment.js"),
    runtime: join(support, "native-runtime.js"),
    testMatch: ["**/*.test.ts"],
    extensionsToTreatAsEsm: [".ts"],
    transform: {},
  };
  const reportFile = join(folder.path, "report.json");

  const args = ["--config", JSON.stringify(config), "--runInBand", "--json", "--outputFile", reportFile];
  const jest = join(ROOT, "node_modules/jest/bin/jest.js");
  const exitCode = await new Promise((ended) =>
    execFile(process.execPath, [jest, ...args], { cwd: folder.path }, (error) => ended(error?.code ?? 0)),
  );

  const report: Report = JSON.parse(await readFile(reportFile, "utf8"));
  const fileNamed = (name: string) => report.testResults.find((file) => file.name.endsWith(name));
  const statusOf = (name: string) =>
    Object.fromEntries(fileNamed(name)?.assertionResults.map(({ title, status }) => [title, status]) ?? []);
  expect(exitCode).toBe(1);
  expect(report.success).toBe(false);
  expect(statusOf("first.test.ts")).toEqual({
    passes: "passed",
    fails: "failed",
    hangs: "failed",
    "leaves a rejection": "failed",
    "is 1": "passed",
    "is 2": "failed",
    "asserts too little": "failed",
    "waits beside the others": "passed",
    "is skipped": "pending",
  });
  expect(statusOf("second.test.ts")).toEqual({ "finds all as it was": "passed", "has the usual time": "passed" });
  expect(fileNamed("broken.test.ts")?.status).toBe("failed");
  expect(fileNamed("thrown.test.ts")?.status).toBe("failed");
});
