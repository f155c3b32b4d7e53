import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";

import { findJava } from "#dev/opensearch-java.ts";

describe("finding a Java for OpenSearch", () => {
  let folder: string;

  const aJava = async (version: string): Promise<string> => {
    const home = join(folder, `java-${version}`);
    await mkdir(join(home, "bin"), { recursive: true });
    await writeFile(join(home, "release"), `JAVA_VERSION="${version}"\nMODULES="java.base jdk.zipfs"\n`);
    await writeFile(join(home, "bin/java"), "");
    return home;
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "pulse-java-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test("takes the one that PULSE_JAVA_HOME names, before any other", async () => {
    const named = await aJava("21.0.9");

    expect(findJava({ PULSE_JAVA_HOME: named, JAVA_HOME: await aJava("25.0.3") })).toEqual({
      home: named,
      version: 21,
      modules: ["java.base", "jdk.zipfs"],
    });
  });

  test("passes over a JAVA_HOME that is too old, and follows the link in the PATH", async () => {
    const home = await aJava("22.0.1");
    const bin = join(folder, "bin");
    await mkdir(bin);
    await symlink(join(home, "bin/java"), join(bin, "java"));

    expect(findJava({ JAVA_HOME: await aJava("17.0.15"), PATH: `/nowhere:${bin}` }).home).toBe(home);
  });

  test("says what is wrong with the one that is named", async () => {
    const old = await aJava("17.0.15");

    expect(() => findJava({ PULSE_JAVA_HOME: old })).toThrow(`it needs Java 21 or newer, and there is ${old} is 17;`);
    expect(() => findJava({ PULSE_JAVA_HOME: "/nowhere" })).toThrow("and there is none in /nowhere;");
  });
});
