import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { REMEDIES } from "#cli/doctor/finding.ts";
import { deployment, resourcesOf } from "#test/lib/deployment.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const runbook = readFileSync(join(ROOT, "docs", "runbook.md"), "utf8");

/** The pages of a chapter, by the anchors that their headings have on the web. */
function pagesOf(chapter: string): ReadonlyMap<string, string> {
  const text = runbook.split(/^## /m).find((part) => part.startsWith(`${chapter}\n`)) ?? "";
  const [, ...pages] = text.split(/^### /m);
  return new Map(pages.map((page) => [anchorOf(page.slice(0, page.indexOf("\n"))), page]));
}

const anchorOf = (heading: string): string => heading.toLowerCase().replaceAll(" ", "-");

const alarmPages = pagesOf("Alarms");
const doctorPages = pagesOf("What the doctor finds");

interface Alarm {
  readonly AlarmName: string;
  readonly AlarmDescription: string;
}

const alarms = [deployment({ dashboards: true }), deployment({ stageName: "prod" })].flatMap((stacks) =>
  Object.values(stacks)
    .flatMap((template) => Object.values(resourcesOf(template, "AWS::CloudWatch::Alarm")))
    .map(({ Properties }) => Properties as unknown as Alarm),
);
const pageOf = ({ AlarmDescription }: Alarm): string | undefined =>
  / What to do: docs\/runbook\.md#([a-z-]+)$/.exec(AlarmDescription)?.[1];

describe("the runbook", () => {
  test.each(alarms.map((alarm) => [alarm.AlarmName, alarm] as const))("has the page that %s names", (_, alarm) => {
    expect([...alarmPages.keys()]).toContain(pageOf(alarm));
  });

  test.each([...alarmPages.keys()])("has an alarm for its page %s", (page) => {
    expect(alarms.map(pageOf)).toContain(page);
  });

  test.each([...alarmPages])("says on page %s what it means, how to look and what to do", (_, page) => {
    expect(page).toMatch(/\*\*Means\.\*\* .+\*\*Look\.\*\* .+\*\*Do\.\*\* /s);
  });

  test("has every page that the doctor names, and a chapter of those that only the doctor names", () => {
    const named = Object.keys(REMEDIES);

    expect(named.filter((page) => !alarmPages.has(page)).sort()).toEqual([...doctorPages.keys()].sort());
  });

  test("links only to pages of its own", () => {
    const links = [...runbook.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor]) => anchor);

    expect(links.length).toBeGreaterThan(3);
    expect(links.filter((anchor) => !alarmPages.has(anchor as string) && !doctorPages.has(anchor as string))).toEqual(
      [],
    );
  });

  test("names only commands that there are", () => {
    const { stdout: help } = spawnSync(process.execPath, [join(ROOT, "cli", "launch.js"), "--help"], {
      encoding: "utf8",
    });
    const known = new Set([...help.matchAll(/^ {2}pulse (\w+) /gm)].map(([, name]) => name));
    const named = [...runbook.matchAll(/(?:`|^)(?:npm run -s )?pulse (?:-- )?(\w+)/gm)].map(([, name]) => name);

    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((name) => !known.has(name))).toEqual([]);
  });
});
