import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { toJournalLine } from "#core/events/records/journal-record.ts";
import { toDeliveryText } from "#core/triggers/delivery.ts";
import { BASE_PATH } from "#functions/routes.ts";
import type { ArtifactItem } from "#stores/dynamodb/artifact-item.ts";
import { anEvent } from "#test/support/samples/an-event.ts";
import { putArtifact } from "./check-artifacts.ts";
import { leaveCheckpoint } from "./check-tidying.ts";
import type { DeployedPulse } from "./deployed-pulse.ts";

/** Throws what a function answers that could not do its work. */
type Work = (pulse: DeployedPulse) => Promise<unknown>;

/**
 * Of each function that needs rights in the account, work that takes them; OpenSearch itself gives rights only in AWS.
 */
export const works: Readonly<Record<string, Work>> = {
  "receive-haproxy-logs": async (pulse) =>
    requireOk(
      await pulse.api(`${BASE_PATH}/haproxy/logs?source=rights`, {
        method: "POST",
        headers: { "content-type": "text/plain" },
        body: "anything\n",
      }),
    ),
  "put-artifact": async (pulse) => requireOk(await putArtifact(pulse, "breeds/rights", {})),
  "read-artifacts": (pulse) => pulse.ask("/artifacts/breeds/rights"),
  "publish-archive": async (pulse) => takesAll(pulse, "publish-archive", [await aChange(pulse)]),
  "run-triggers": (pulse) => takesAll(pulse, "run-triggers", [aRecord(toJournalLine(anEvent()))]),
  "deliver-webhooks": (pulse) => takesAll(pulse, "deliver-webhooks", [aMessage()]),
  "publish-ticks": (pulse) => pulse.call("publish-ticks", { time: new Date(Date.now() - 60_000).toISOString() }),
  "measure-health": (pulse) => pulse.call("measure-health"),
  "measure-metrics": (pulse) => pulse.call("measure-metrics"),
  "measure-allocation": (pulse) => pulse.call("measure-allocation"),
  "update-dashboards": (pulse) => pulse.call("update-dashboards"),
  "forget-shards": async (pulse) => {
    await leaveCheckpoint(pulse);
    await pulse.call("forget-shards");
  },
};

async function requireOk(answer: Response): Promise<void> {
  assert.ok(answer.ok, `it was answered ${answer.status}: ${await answer.text()}`);
}

/** A batch of which nothing is to come again. */
async function takesAll(pulse: DeployedPulse, folder: string, Records: readonly object[]): Promise<void> {
  const answer = await pulse.call<{ batchItemFailures: unknown[] }>(folder, { Records });
  assert.deepEqual(answer, { batchItemFailures: [] });
}

/** An artifact as the stream of its table tells it. */
async function aChange(pulse: DeployedPulse): Promise<object> {
  const TableName = pulse.output("Store", "ArtifactsTable");
  const { Items } = await pulse.account.json<{ readonly Items: readonly ArtifactItem[] }>(
    "dynamodb",
    "DynamoDB_20120810.Scan",
    { TableName },
  );
  const NewImage = Items.find(({ sk }) => sk?.S === "rights");
  assert.ok(NewImage, "there is no such artifact");
  return {
    eventSourceARN: `arn:aws:dynamodb:us-east-1:0:table/${TableName}/stream/now`,
    dynamodb: { SequenceNumber: "1", ApproximateCreationDateTime: Date.now() / 1000, NewImage },
  };
}

const aRecord = (line: string): object => ({
  eventID: "shardId-000000000000:1",
  eventSourceARN: "arn:aws:kinesis:us-east-1:0:stream/events",
  kinesis: {
    data: Buffer.from(line).toString("base64"),
    sequenceNumber: "1",
    approximateArrivalTimestamp: Date.now() / 1000,
  },
});

/** Of a trigger that is no more: it goes to the dead ones, and an event tells so. */
const aMessage = (): object => ({
  messageId: randomUUID(),
  receiptHandle: "none",
  body: toDeliveryText({
    id: "rights",
    namespace: "default",
    kind: "triggers",
    name: "rights",
    sinceMs: Date.now(),
    event: anEvent(),
  }),
  attributes: { ApproximateReceiveCount: "1" },
});
