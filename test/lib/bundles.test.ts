import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { environments } from "#functions/shared/deployment/environment.ts";
import { bundleFolder, bundleFolderWith, bundleFunctions } from "#lib/bundles.ts";

const MAX_BYTES = 350 * 1024;

const bundles = await bundleFunctions();

describe("bundles", () => {
  test("exist for every function that has an environment", () => {
    expect(bundles.map(({ name }) => name).sort()).toEqual(Object.keys(environments).sort());
  });

  test.each(bundles)("$name is at most 350 KB", ({ bytes }) => {
    expect(bytes).toBeLessThanOrEqual(MAX_BYTES);
  });

  test.each(bundles)("$name loads at most one client of the AWS SDK when it starts", ({ fromRuntime }) => {
    const clients = fromRuntime.filter((name) => name.startsWith("@aws-sdk/client-"));

    expect(clients.length).toBeLessThanOrEqual(1);
  });

  // 110 KB and 12 ms, that only a source in YAML needs.
  test.each(bundles)("$name loads no library of YAML when it starts", ({ atStart }) => {
    expect(atStart).not.toEqual([]);
    expect(atStart.filter((file) => file.includes("node_modules/yaml/"))).toEqual([]);
  });

  // A third of a cold start: it is opened with the first question to the event
  // store, or the first declaration of a type.
  test.each(["describe-api", "put-artifact", "read-artifacts"])(
    "%s loads no client of OpenSearch when it starts",
    (name) => {
      const { atStart = [] } = bundles.find((bundle) => bundle.name === name) ?? {};

      expect(atStart).toContain(`functions/${name}/${name}.ts`);
      expect(atStart.filter((file) => file.includes("@opensearch-project/opensearch"))).toEqual([]);
    },
  );

  // As an ES module it reads each of its exports, WebSocket among them, and that loads all of fetch: 30 ms.
  test.each(bundles)("$name does not import node:http when it starts", ({ file }) => {
    expect(readFileSync(file, "utf8")).not.toMatch(/from"(node:)?http"/);
  });

  test.each(bundles)("$name is an ES module that parses", ({ file }) => {
    const { status, stderr } = spawnSync(process.execPath, ["--check", file], { encoding: "utf8" });

    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  });

  test("are left alone when nothing changed", async () => {
    const before = bundles.map(({ file }) => statSync(file).mtimeMs);

    const again = await bundleFunctions();

    expect(again.map(({ file }) => statSync(file).mtimeMs)).toEqual(before);
  });

  test("get files of a deployment's own beside them in a folder for each content, and are themselves as they were", () => {
    const [one, again, other] = ["a", "a", "b"].map((text) => bundleFolderWith("describe-api", { "x.json": text }));

    expect(again).toBe(one);
    expect(other).not.toBe(one);
    expect(readFileSync(join(other as string, "x.json"), "utf8")).toBe("b");
    for (const folder of [one, other])
      expect(readFileSync(join(folder as string, "index.mjs"))).toEqual(
        readFileSync(join(bundleFolder("describe-api"), "index.mjs")),
      );
    expect(readdirSync(bundleFolder("describe-api"))).toEqual(["index.mjs"]);
  });

  test("are asked for by the name of a folder that has one", () => {
    expect(() => bundleFolder("no-such-function")).toThrow("functions/no-such-function has no bundle");
  });
});
