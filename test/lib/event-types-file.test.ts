import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { App } from "aws-cdk-lib";
import { DEFAULT_EVENT_TYPES } from "#core/events/types/event-types.ts";
import { readEventTypes } from "#lib/event-types-file.ts";
import { pulseContext } from "#lib/pulse-context.ts";
import { temporaryFolder } from "#test/support/temporary-folder.ts";

const ORDERS = { name: "orders", period: "month", retentionDays: 90, fields: { "customer.country": "keyword" } };

describe("a file of event types", () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  beforeAll(async () => {
    folder = await temporaryFolder();
  });
  afterAll(() => folder.remove());

  let files = 0;
  function fileOf(content: unknown): string {
    const file = join(folder.path, `types-${files++}.json`);
    writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
    return file;
  }

  test("declares types beside the default ones, and of these another retention, their fields with it", () => {
    const file = fileOf([ORDERS, { name: "haproxy", period: "day", retentionDays: 3 }]);

    const { eventTypes } = pulseContext(new App({ context: { eventTypes: file } }).node);

    expect(eventTypes).toHaveLength(DEFAULT_EVENT_TYPES.length + 1);
    expect(eventTypes).toContainEqual(ORDERS);
    const haproxy = DEFAULT_EVENT_TYPES.find(({ name }) => name === "haproxy");
    expect(eventTypes).toContainEqual({ ...haproxy, retentionDays: 3 });
  });

  test("is refused with all that is wrong with it", () => {
    const file = fileOf([
      { ...ORDERS, period: "week", name: "a b" },
      ORDERS,
      { ...ORDERS, retentionDays: 0 },
      null,
      ORDERS,
    ]);

    expect(() => readEventTypes(file)).toThrow(/\/0 .*"a b".*\/period.*\/2 .*retentionDays.*\/3 .*twice/);
  });

  test.each(["{}", "not JSON", "3"])("is refused where it holds %s", (content) => {
    const file = fileOf(content);

    expect(() => readEventTypes(file)).toThrow(`-c eventTypes=${file}`);
  });

  test("is refused where it is not there", () => {
    expect(() => readEventTypes("nowhere.json")).toThrow("-c eventTypes=nowhere.json");
  });
});
