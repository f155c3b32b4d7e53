import { expect, test } from "@jest/globals";
import { PulseError } from "#core/errors.ts";
import { TriggerCatalog } from "#core/triggers/trigger-catalog.ts";
import { openMemoryArtifacts } from "#test/support/memory/memory-artifacts.ts";
import { openMemoryPausedTriggers } from "#test/support/memory/memory-paused-triggers.ts";
import { WEBHOOK_SECRET } from "#test/support/samples/a-trigger.ts";
import { anEvent } from "#test/support/samples/an-event.ts";

const declared = {
  tags: "tests",
  target: { webhook: { url: "https://receiver.example", secret: WEBHOOK_SECRET } },
};
const key = (name: string, namespace = "default") => ({ namespace, kind: "triggers" as const, name });

function openCatalog(maxAgeMs = 10_000) {
  const artifacts = openMemoryArtifacts();
  const paused = openMemoryPausedTriggers();
  const unreadable: string[] = [];
  const time = { nowMs: 1_000_000 };
  const catalog = new TriggerCatalog({
    artifacts,
    paused,
    namespaces: ["default", "team-a"],
    parse: async ({ source }) => JSON.parse(source),
    maxAgeMs,
    now: () => time.nowMs,
    onUnreadable: ({ name }) => unreadable.push(name),
  });
  const startedBy = async (event = anEvent()) => (await catalog.list()).active.match(event).map(({ name }) => name);
  return { artifacts, paused, unreadable, time, catalog, startedBy };
}

test("reads the triggers of every namespace, page by page", async () => {
  const { artifacts, startedBy } = openCatalog();
  for (let index = 0; index < 2500; index++) artifacts.put(key(`t${index}`), declared);
  artifacts.put(key("theirs", "team-a"), declared);

  expect(await startedBy()).toHaveLength(2500);
  expect(await startedBy(anEvent({ namespace: "team-a" }))).toEqual(["theirs"]);
});

test("sees a change when what it read is too old, when it is told to forget, and when a clock was put back", async () => {
  const { artifacts, catalog, time, startedBy } = openCatalog();
  expect(await startedBy()).toEqual([]);
  artifacts.put(key("one"), declared);

  expect(await startedBy()).toEqual([]);
  time.nowMs += 10_000;
  expect(await startedBy()).toEqual(["one"]);

  artifacts.remove(key("one"));
  catalog.forget();
  expect(await startedBy()).toEqual([]);

  artifacts.put(key("one"), declared);
  time.nowMs -= 3_600_000;
  expect(await startedBy()).toEqual(["one"]);
});

test("leaves out what is disabled, and what is paused until it is changed", async () => {
  const { artifacts, paused, catalog, startedBy } = openCatalog();
  artifacts.put(key("off"), { ...declared, enabled: false });
  artifacts.put(key("gone"), declared);
  await paused.pause({ ...key("gone"), version: 1 });

  expect(await startedBy()).toEqual([]);
  expect(await catalog.find(key("off"))).toMatchObject({ enabled: false });

  artifacts.put(key("gone"), declared);
  catalog.forget();
  expect(await startedBy()).toEqual(["gone"]);
});

test("one artifact that is no trigger costs no other, and is told of", async () => {
  const { artifacts, unreadable, catalog, startedBy } = openCatalog();
  artifacts.put(key("bad"), { tags: 7 });
  artifacts.put(key("good"), declared);

  expect(await startedBy()).toEqual(["good"]);
  expect(unreadable).toEqual(["bad"]);
  expect(await catalog.find(key("bad"))).toBeUndefined();
});

test("a reading that failed is not remembered", async () => {
  const { artifacts, startedBy } = openCatalog();
  artifacts.put(key("one"), declared);
  const { list } = artifacts;
  artifacts.list = async () => {
    throw new PulseError("unavailable", "the table is busy");
  };
  await expect(startedBy()).rejects.toThrow("busy");

  artifacts.list = list;

  expect(await startedBy()).toEqual(["one"]);
});
