import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { VERSION } from "#functions/describe-api/version.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");
const manifest = JSON.parse(read("package.json")) as { version: string; scripts: Record<string, string> };
const documents = [
  "README.md",
  ...readdirSync(join(ROOT, "docs"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];

describe("the documents", () => {
  test("name tests that exist for every guarantee", () => {
    const named = [...read("docs/guarantees.md").matchAll(/\btest\/[\w./-]+/g)].map(([path]) => path);

    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  test.each(documents)("%s links only to what is there, and names only commands there are", (document) => {
    const text = read(document);
    const links = [...text.matchAll(/\]\(([^)#]+)\)/g)].map(([, target]) => target as string);
    const local = links.filter((target) => !target.includes(":"));
    const scripts = [...text.matchAll(/npm run (?:-s |--silent )?([\w:-]+)/g)].map(([, script]) => script as string);

    expect(local.filter((target) => !existsSync(join(ROOT, document, "..", target)))).toEqual([]);
    expect(scripts.filter((script) => !(script in manifest.scripts))).toEqual([]);
  });

  test("tell every setting and every output of a deployment", () => {
    const settings = [...read("lib/pulse-context.ts").matchAll(/\bgiven\("(\w+)"\)/g)].map(([, name]) => name);
    const stacks = readdirSync(join(ROOT, "lib")).filter((name) => name.endsWith("-stack.ts"));
    const outputs = stacks.flatMap((name) =>
      [...read(`lib/${name}`).matchAll(/new CfnOutput\(this, "(\w+)"/g)].map(([, output]) => output),
    );
    const told = read("docs/deploying.md");

    expect(settings.length).toBeGreaterThan(10);
    expect(outputs.length).toBeGreaterThan(10);
    expect([...settings, ...outputs].filter((name) => !told.includes(`\`${name}\``))).toEqual([]);
  });

  test("keep the README short", () => {
    expect(read("README.md").split("\n").length).toBeLessThanOrEqual(150);
  });

  test("agree on the version", () => {
    expect(VERSION).toBe(manifest.version);
  });
});
