import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { fromDeliveryText, toDelivery, toDeliveryText } from "#core/triggers/delivery.ts";
import { LocalDeliveryQueue } from "#journals/local/local-delivery-queue.ts";
import { DATABASE_FILE, openDatabase } from "#stores/embedded/database.ts";
import { openSqs, type TestSqs } from "#test/support/aws/sqs.ts";
import { runPulse } from "#test/support/run-pulse.ts";
import { aTrigger, WEBHOOK_SECRET } from "#test/support/samples/a-trigger.ts";
import { anEvent } from "#test/support/samples/an-event.ts";
import { temporaryFolder } from "#test/support/temporary-folder.ts";

const LONG_AGO = 7;
const dead = (name: string, reason: string) => ({
  ...toDelivery(aTrigger({ name }), anEvent({ value: '"private"' }), LONG_AGO),
  reason,
});
const letters = [dead("tell", "the receiver answered 500"), dead("tell", "gone"), dead("other", "gone")];

describe("dead deliveries of a local server", () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  const withQueue = <Result>(ask: (queue: LocalDeliveryQueue) => Result): Result => {
    const database = openDatabase(join(folder.path, DATABASE_FILE));
    try {
      return ask(new LocalDeliveryQueue({ database }));
    } finally {
      database.close();
    }
  };

  beforeEach(async () => {
    folder = await temporaryFolder();
    withQueue((queue) => {
      for (const letter of letters) void queue.take(letter);
    });
  });
  afterEach(() => folder.remove());

  test("are listed with their reasons, without values and secrets", async () => {
    const { code, stdout, stderr } = await runPulse(["triggers", "dead", "--data", folder.path, "--reason", "gone"]);

    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: "2 dead deliveries\n  1 left where they are: of another trigger or reason\n",
    });
    const lines = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines.map(({ trigger, reason }) => [trigger, reason])).toEqual([
      ["triggers/tell", "gone"],
      ["triggers/other", "gone"],
    ]);
    expect(stdout).not.toContain("private");
    expect(stdout).not.toContain(WEBHOOK_SECRET);
  });

  test("are sent again with another day of attempts, those that are meant", async () => {
    const { code } = await runPulse(["triggers", "resend", "--data", folder.path, "--trigger", "tell"]);

    expect(code).toBe(0);
    withQueue((queue) => {
      const waiting = queue.due({ nowMs: Date.now(), limit: 10, except: [], exceptOf: [] });
      expect(waiting.map(({ delivery, attempts }) => [delivery.id, attempts])).toEqual([
        [letters[0]?.id, 0],
        [letters[1]?.id, 0],
      ]);
      expect(waiting.every(({ delivery }) => delivery.sinceMs > Date.now() - 60_000)).toBe(true);
      expect(queue.dead().map(({ id }) => id)).toEqual([letters[2]?.id]);
    });
  });
});

describe("dead deliveries of a deployment", () => {
  let sqs: TestSqs;
  beforeEach(async () => {
    sqs = await openSqs();
    for (const letter of letters) sqs.send("dead", toDeliveryText(letter));
    sqs.send("dead", "no delivery");
  });
  afterEach(() => sqs.close());

  test("move to the queue of deliveries, and what is none of them stays", async () => {
    const { code, stderr } = await runPulse(
      ["triggers", "resend", "--dead", sqs.urlOf("dead"), "--deliveries", sqs.urlOf("deliveries"), "--reason", "gone"],
      { environment: sqs.environment },
    );

    expect({ code, stderr }).toEqual({
      code: 1,
      stderr:
        "Sent 2 deliveries again\n  1 left where they are: of another trigger or reason\n  1 left where they are: unreadable\n",
    });
    expect(sqs.bodies("deliveries").map((body) => fromDeliveryText(body).id)).toEqual([letters[1]?.id, letters[2]?.id]);
    expect(sqs.bodies("deliveries").map((body) => fromDeliveryText(body).reason)).toEqual([undefined, undefined]);
    expect(sqs.bodies("dead")).toEqual([toDeliveryText(letters[0] as (typeof letters)[0]), "no delivery"]);
  });
});

test("a call that lacks something is told all of it", async () => {
  const { code, stderr } = await runPulse(["triggers", "again", "--dead", "queue"]);

  expect(code).toBe(2);
  expect(stderr).toContain('it is "dead" or "resend"');
  expect(stderr).toContain("--dead takes the URL of a queue");
});
