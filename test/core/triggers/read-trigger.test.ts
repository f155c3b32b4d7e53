import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { type Fault, PulseError } from "#core/errors.ts";
import { type DeclaredTrigger, type ReadTriggerOptions, readTrigger } from "#core/triggers/read-trigger.ts";
import { WEBHOOK_SECRET } from "#test/support/samples/a-trigger.ts";

const webhook = { url: "https://receiver.example/hook", secret: WEBHOOK_SECRET };

const declaring = (declared: unknown, given: Partial<DeclaredTrigger> = {}): DeclaredTrigger => ({
  namespace: "default",
  kind: "triggers",
  name: "tell",
  version: 3,
  declared,
  ...given,
});

const workflow = (declared: unknown) => declaring(declared, { kind: "workflows" });

function faultsOf(artifact: DeclaredTrigger, options?: ReadTriggerOptions): readonly Fault[] {
  try {
    readTrigger(artifact, options);
  } catch (error) {
    if (error instanceof PulseError && error.kind === "invalid-input") return error.faults;
    throw error;
  }
  return [];
}

test("reads tags, a type, a webhook with its secret, a rate, and whether it is enabled", () => {
  const trigger = readTrigger(
    declaring({
      name: "tell",
      kind: "triggers",
      tags: ["a", "b:c"],
      type: "health",
      target: { webhook },
      ratePerSecond: 5,
      enabled: false,
    }),
  );

  expect(trigger).toEqual({
    namespace: "default",
    kind: "triggers",
    name: "tell",
    version: 3,
    tags: ["a", "b:c"],
    type: "health",
    target: { webhook: { url: webhook.url, secrets: [WEBHOOK_SECRET] } },
    ratePerSecond: 5,
    enabled: false,
  });
});

test("takes one tag as text, the other targets, and is enabled for 100 events a second where nothing is said", () => {
  expect(readTrigger(declaring({ tags: "a", target: { eventBus: {} } }))).toMatchObject({
    tags: ["a"],
    target: { eventBus: {} },
    ratePerSecond: 100,
    enabled: true,
  });
  expect(readTrigger(declaring({ type: "x", target: { eventBus: { name: "their-bus" } } }))).toMatchObject({
    target: { eventBus: { name: "their-bus" } },
  });
  expect(readTrigger(declaring({ type: "x", target: { lambda: { function: "act" } } }))).toMatchObject({
    tags: [],
    target: { lambda: { function: "act" } },
  });
});

test("tells every fault at its place", () => {
  const faults = faultsOf(
    declaring({
      tags: ["", 7],
      type: "a b",
      colour: "red",
      ratePerSecond: 0,
      enabled: "yes",
      target: { webhook: { url: "ftp://x", secret: ["short"], method: "PUT" } },
    }),
  );

  expect(faults.map(({ pointer }) => pointer).sort()).toEqual([
    "/colour",
    "/enabled",
    "/ratePerSecond",
    "/tags/0",
    "/tags/1",
    "/target/webhook/method",
    "/target/webhook/secret/0",
    "/target/webhook/url",
    "/type",
  ]);
});

test.each([
  ["neither tags nor a type", { target: { webhook } }, "/tags"],
  ["no tag at all", { tags: [], target: { webhook } }, "/tags"],
  ["no target", { tags: "a" }, "/target"],
  ["an empty target", { tags: "a", target: {} }, "/target"],
  ["two targets", { tags: "a", target: { webhook, eventBus: {} } }, "/target"],
  ["a target that is not known", { tags: "a", target: { mail: {} } }, "/target/mail"],
  ["http", { tags: "a", target: { webhook: { ...webhook, url: "http://receiver.example" } } }, "/target/webhook/url"],
  [
    "credentials",
    { tags: "a", target: { webhook: { ...webhook, url: "https://u:p@receiver.example" } } },
    "/target/webhook/url",
  ],
  [
    "a secret that is none",
    { tags: "a", target: { webhook: { url: webhook.url, secret: "x" } } },
    "/target/webhook/secret",
  ],
  ["an empty tag", { tags: "", target: { webhook } }, "/tags"],
  ["no secret", { tags: "a", target: { webhook: { url: webhook.url } } }, "/target/webhook/secret"],
  ["no secret in the list", { tags: "a", target: { webhook: { ...webhook, secret: [] } } }, "/target/webhook/secret"],
  ["the type of log lines", { type: "haproxy", target: { webhook } }, "/type"],
  ["that type in another case", { type: "HAProxy", target: { webhook } }, "/type"],
  ["no object", ["a"], ""],
  ["nothing", null, ""],
])("refuses %s", (_, declared, pointer) => {
  expect(faultsOf(declaring(declared)).map((fault) => fault.pointer)).toContain(pointer);
});

test("no fault quotes what stands where a secret should", () => {
  const faults = faultsOf(declaring({ tags: "a", target: { webhook: { ...webhook, secret: "hunter2-hunter2" } } }));

  expect(faults).toHaveLength(1);
  expect(JSON.stringify(faults)).not.toContain("hunter2");
});

test("asks whether webhooks may go to the host, as the URL's parser names it", () => {
  const asked: [string, boolean][] = [];
  const refuseHost = (hostname: string, isSecure: boolean) => {
    asked.push([hostname, isSecure]);
    return "is not allowed";
  };

  const faults = faultsOf(declaring({ tags: "a", target: { webhook: { ...webhook, url: "http://0x7f.1:8080/" } } }), {
    refuseHost,
  });

  expect(asked).toEqual([["127.0.0.1", false]]);
  expect(faults).toEqual([{ pointer: "/target/webhook/url", detail: "is not allowed" }]);
});

describe("a workflow", () => {
  const target = { webhook };

  test.each([
    ["a list", { event: ["a", "b"] }],
    ["tags in an object", { event: { tags: ["a", "b"] } }],
  ])("is started by events that have the tags of its schedule, given as %s", (_, schedule) => {
    expect(readTrigger(workflow({ name: "w", breed: "js", schedule, target }))).toMatchObject({ tags: ["a", "b"] });
  });

  test("with a period is started by the ticks that have its name", () => {
    const trigger = readTrigger(workflow({ schedule: { period: "10s" }, target }));

    expect(trigger).toMatchObject({ periodMs: 10_000, type: "workflow", tags: ["workflows:tell", "ticks"] });
  });

  test.each([[{ breed: "metrics", schedule: "daemon" }], ["a text"], [null]])(
    "without a target is somebody else's: %j",
    (declared) => {
      expect(readTrigger(workflow(declared))).toBeUndefined();
    },
  );

  test.each([
    ["no schedule", undefined, "/schedule"],
    ["a daemon", "daemon", "/schedule"],
    ["no tags", { event: [] }, "/schedule/event"],
    ["both", { event: ["a"], period: "1m" }, "/schedule"],
    ["a period that is too short", { period: "500ms" }, "/schedule/period"],
    ["a period that is too long", { period: "32d" }, "/schedule/period"],
    ["another word", { at: "12:00" }, "/schedule/at"],
  ])("with a target is refused with %s", (_, schedule, pointer) => {
    expect(faultsOf(workflow({ schedule, target })).map((fault) => fault.pointer)).toContain(pointer);
  });
});

test("anything is a trigger, none, or refused with what is wrong; it never throws otherwise", () => {
  const words = fc.constantFrom("tags", "type", "target", "webhook", "url", "secret", "schedule", "period", "event");
  const anything = fc.anything({ key: words, withNullPrototype: true, withBigInt: true, maxDepth: 5 });
  fc.assert(
    fc.property(anything, fc.constantFrom("triggers" as const, "workflows" as const), (declared, kind) => {
      faultsOf(declaring(declared, { kind }));
    }),
    { numRuns: 2000 },
  );
});
