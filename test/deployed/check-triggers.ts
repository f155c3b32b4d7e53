import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { signWebhook } from "#core/triggers/sign-webhook.ts";
import type { ReceivedCall } from "#test/support/http/webhook-receiver.ts";
import { deleteArtifact, putArtifact } from "./check-artifacts.ts";
import { createEvent, statusOfProblem } from "./check-events.ts";
import type { DeployedPulse } from "./deployed-pulse.ts";
import { eventually, sleepUntil } from "./eventually.ts";
import type { Report } from "./report.ts";

/** The workflow that each minute starts. */
export const TICKING = "each-minute";

const SECRET = `whsec_${Buffer.alloc(32, "deployed").toString("base64")}`;

/** How long functions may go by the triggers that they know. */
const CATALOG_AGE_MS = 10_000;

interface DeliveryEvent {
  readonly value: {
    readonly attempt: number;
    readonly status?: number;
    readonly reason?: string;
    readonly event: string;
  };
}

/** What is to be followed. */
export interface PutTriggers {
  /** Gets what is put on the bus. */
  readonly queueUrl: string;
  /** From then on every function knows the triggers. */
  readonly knownAtMs: number;
}

/** Some time before they are checked. */
export async function putTriggers(pulse: DeployedPulse, report: Report): Promise<PutTriggers> {
  const { port } = pulse.receiver;
  const toWebhook = (url: string) => ({ webhook: { url, secret: SECRET } });
  const inNetwork = `https://127-0-0-1.address.test:${port}`;
  const outOfIt = `https://127-0-0-2.address.test:${port}`;
  return report.need("triggers are put, for a webhook, for the bus, and one that time starts", async () => {
    await putTrigger(pulse, "triggers/paged", { tags: ["paged"], target: toWebhook(`${inNetwork}/paged`) });
    await putTrigger(pulse, "triggers/astray", { tags: ["paged"], target: toWebhook(`${outOfIt}/astray`) });
    await putTrigger(pulse, "triggers/bussed", { tags: ["paged"], target: { eventBus: {} } });
    const ticked = { schedule: { period: "1m" }, target: toWebhook(`${inNetwork}/ticked`) };
    await putTrigger(pulse, `workflows/${TICKING}`, ticked);
    return { queueUrl: await followBus(pulse), knownAtMs: Date.now() + CATALOG_AGE_MS };
  });
}

/** From an event through the stream, run-triggers, SQS and deliver-webhooks to whoever is to be told. */
export async function checkTriggers(pulse: DeployedPulse, report: Report, triggers: PutTriggers): Promise<void> {
  await sleepUntil(triggers.knownAtMs);
  const { event } = await report.need("an event is created that three triggers are about", () =>
    createEvent(pulse, { type: "incident", tags: ["paged"], value: { level: 3 } }),
  );
  await report.check("the webhook is called with it, signed, in the network that the deployment allows", () =>
    callsWebhook(pulse, event),
  );
  await report.check("a workflow event tells of the attempt", async () => {
    const [{ value }] = await deliveries(pulse, "triggers:paged", "succeeded");
    assert.deepEqual([value.attempt, value.status, value.event], [1, 204, event.id]);
  });
  await report.check(
    "one whose name leads anywhere else is not called, and the event of its attempt says why",
    async () => {
      const [{ value }] = await deliveries(pulse, "triggers:astray", "failed");
      assert.deepEqual([value.attempt, value.event], [1, event.id]);
      assert.match(value.reason ?? "", /no address of the internet/);
      assert.deepEqual(callsOf(pulse, "/astray"), []);
    },
  );
  await report.check("no trigger names an address that is not of the internet: loopback, or what holds keys", () =>
    refusesPrivate(pulse),
  );
  await report.check("the bus has the event, for its rules", () => isOnBus(pulse, triggers.queueUrl, event));
  await report.check("a tick that is published twice is one event, and starts its workflow", () => ticks(pulse));
  await report.check("a trigger that is deleted starts nothing more", () => deletes(pulse));
  await report.need("the queue and the rule that followed the bus go", () => unfollowBus(pulse, triggers.queueUrl));
}

async function refusesPrivate(pulse: DeployedPulse): Promise<void> {
  for (const url of [`https://127.0.0.1:${pulse.receiver.port}/`, "https://169.254.169.254/latest/meta-data/"]) {
    const answer = await putArtifact(pulse, "triggers/inside", {
      tags: ["paged"],
      target: { webhook: { url, secret: SECRET } },
    });
    assert.equal(await statusOfProblem(answer), 400, url);
  }
}

async function putTrigger(pulse: DeployedPulse, path: string, trigger: object): Promise<void> {
  const answer = await putArtifact(pulse, path, trigger);
  assert.equal(answer.status, 201, `${path}: ${await answer.text()}`);
}

const callsOf = ({ receiver }: DeployedPulse, path: string): readonly ReceivedCall[] =>
  receiver.calls.filter((call) => call.path === path);

async function callsWebhook(pulse: DeployedPulse, event: object): Promise<void> {
  const { headers, body } = await eventually(async () => {
    const [call] = callsOf(pulse, "/paged");
    assert.ok(call, `it is not among ${pulse.receiver.calls.length} calls`);
    return call;
  });
  const sent = { id: headers["webhook-id"] as string, atMs: Number(headers["webhook-timestamp"]) * 1000, body };
  assert.equal(headers["webhook-signature"], signWebhook(sent, [SECRET])["webhook-signature"]);
  assert.deepEqual(JSON.parse(body).data, event);
}

/** What is told of the deliveries of a trigger, at least one. */
function deliveries(pulse: DeployedPulse, trigger: string, fate: string): Promise<[DeliveryEvent]> {
  return eventually(async () => {
    const path = `/events?type=workflow&tag=${trigger}&tag=deliveries:${fate}`;
    const events = await pulse.ask<DeliveryEvent[]>(path);
    assert.equal(events.length, 1);
    return events as [DeliveryEvent];
  });
}

const RULE = "everything-of-pulse";

/** A queue that gets what is put on the bus; answers its URL. */
async function followBus(pulse: DeployedPulse): Promise<string> {
  const { QueueUrl } = await sqs<{ QueueUrl: string }>(pulse, "CreateQueue", { QueueName: "followers" });
  const attributes = { QueueUrl, AttributeNames: ["QueueArn"] };
  const { Attributes } = await sqs<{ Attributes: { QueueArn: string } }>(pulse, "GetQueueAttributes", attributes);
  const EventBusName = pulse.output("Triggers", "TriggerBus");
  const EventPattern = JSON.stringify({ source: ["pulse"], "detail-type": ["incident"] });
  await events(pulse, "PutRule", { Name: RULE, EventBusName, EventPattern, State: "ENABLED" });
  await events(pulse, "PutTargets", { Rule: RULE, EventBusName, Targets: [{ Id: "queue", Arn: Attributes.QueueArn }] });
  return QueueUrl;
}

async function isOnBus(pulse: DeployedPulse, QueueUrl: string, event: object): Promise<void> {
  const { Body } = await eventually(async () => {
    const { Messages = [] } = await sqs<{ Messages?: { Body: string }[] }>(pulse, "ReceiveMessage", { QueueUrl });
    assert.ok(Messages[0], "the queue is empty");
    return Messages[0];
  });
  const { detail, "detail-type": type } = JSON.parse(Body);
  assert.deepEqual([type, detail.data], ["incident", event]);
}

/** At which instants. */
export const receivedTicks = (pulse: DeployedPulse): readonly string[] =>
  callsOf(pulse, "/ticked").map(({ body }) => JSON.parse(body).timestamp);

async function ticks(pulse: DeployedPulse): Promise<void> {
  const time = new Date(Date.now() - 60_000).toISOString();
  await pulse.call("publish-ticks", { time });
  await pulse.call("publish-ticks", { time });

  const at = `${time.slice(0, "yyyy-mm-ddThh:mm".length)}:00.000Z`;
  await eventually(async () => {
    const found = await pulse.ask<unknown[]>(
      `/events?type=workflow&tag=workflows:${TICKING}&tag=ticks&timestamp=${at}`,
    );
    assert.equal(found.length, 1);
    assert.ok(receivedTicks(pulse).includes(at), "it was not told");
  });
}

async function unfollowBus(pulse: DeployedPulse, QueueUrl: string): Promise<void> {
  const EventBusName = pulse.output("Triggers", "TriggerBus");
  await events(pulse, "RemoveTargets", { Rule: RULE, EventBusName, Ids: ["queue"] });
  await events(pulse, "DeleteRule", { Name: RULE, EventBusName });
  await sqs(pulse, "DeleteQueue", { QueueUrl });
}

async function deletes(pulse: DeployedPulse): Promise<void> {
  for (const path of ["triggers/paged", "triggers/astray", "triggers/bussed"])
    assert.equal((await deleteArtifact(pulse, path)).status, 204, path);
  await sleep(CATALOG_AGE_MS);
  const calls = callsOf(pulse, "/paged").length;
  await createEvent(pulse, { type: "incident", tags: ["paged", "later"] });
  await eventually(async () => assert.equal((await pulse.ask<unknown[]>("/events?tag=later")).length, 1));
  assert.equal(callsOf(pulse, "/paged").length, calls);
}

const sqs = <Answer>({ account }: DeployedPulse, operation: string, parameters: object): Promise<Answer> =>
  account.json("sqs", `AmazonSQS.${operation}`, parameters);

const events = ({ account }: DeployedPulse, operation: string, parameters: object): Promise<unknown> =>
  account.json("events", `AWSEvents.${operation}`, parameters);
