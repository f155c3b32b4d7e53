import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { toDelivery, toMessageBody } from "#core/triggers/delivery.ts";
import type { Target } from "#core/triggers/trigger.ts";
import type { TriggerTarget } from "#core/triggers/trigger-target.ts";
import { eventBusTarget } from "#functions/deliver-webhooks/event-bus-target.ts";
import { lambdaTarget } from "#functions/deliver-webhooks/lambda-target.ts";
import { aTrigger } from "#test/support/samples/a-trigger.ts";
import { anEvent } from "#test/support/samples/an-event.ts";

/** Answers as AWS is told to; the calls are written down. */
let server: Server;
let calls: { readonly url: string; readonly headers: Record<string, unknown>; readonly body: string }[];
let answer: { readonly status: number; readonly body: unknown };
let config: object;

beforeEach(async () => {
  calls = [];
  server = createServer(async (request, response) => {
    calls.push({ url: request.url ?? "", headers: request.headers, body: await text(request) });
    response.writeHead(answer.status, { "content-type": "application/x-amz-json-1.1" });
    response.end(JSON.stringify(answer.body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  config = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: "eu-central-1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
    maxAttempts: 1,
  };
});
afterEach(() => {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(resolve));
});

const event = anEvent({ type: "health", value: "1e400" });
const delivery = toDelivery(aTrigger(), event, 0);
const attempt = (by: TriggerTarget, target: Target) => by.attempt(delivery, aTrigger({ target }));

test("a bus gets the event with its type, byte for byte, and what a webhook has in its headers", async () => {
  answer = { status: 200, body: { FailedEntryCount: 0, Entries: [{ EventId: "1" }] } };
  const bus = eventBusTarget({ busName: "ours", allowed: ["theirs"], config });

  expect(await attempt(bus, { eventBus: {} })).toEqual({ taken: true });
  expect(await attempt(bus, { eventBus: { name: "theirs" } })).toEqual({ taken: true });

  const entries = calls.map(({ body }) => JSON.parse(body).Entries[0]);
  expect(entries.map(({ EventBusName }) => EventBusName)).toEqual(["ours", "theirs"]);
  expect(entries[0]).toMatchObject({ Source: "pulse", DetailType: "health", Detail: toMessageBody(delivery) });
});

test("a bus that does not take an entry, or does not answer well, has it tried again", async () => {
  const bus = eventBusTarget({ busName: "ours", allowed: [], config });
  answer = { status: 200, body: { FailedEntryCount: 1, Entries: [{ ErrorCode: "ThrottlingException" }] } };
  expect(await attempt(bus, { eventBus: {} })).toEqual({
    notTaken: "EventBridge did not take it (ThrottlingException)",
  });

  answer = { status: 500, body: { __type: "InternalException" } };
  expect(await attempt(bus, { eventBus: {} })).toEqual({
    notTaken: "EventBridge did not take it (InternalException)",
    status: 500,
  });
});

test("a function is called asynchronously", async () => {
  answer = { status: 202, body: "" };
  const lambda = lambdaTarget({ allowed: ["act"], config });

  expect(await attempt(lambda, { lambda: { function: "act" } })).toEqual({ taken: true, status: 202 });

  expect(calls[0]?.url).toContain("/functions/act/invocations");
  expect(calls[0]?.headers["x-amz-invocation-type"]).toBe("Event");
  expect(calls[0]?.body).toBe(toMessageBody(delivery));
});

test("a bus and a function that the deployment does not name are not called, and no retry helps", async () => {
  const bus = eventBusTarget({ busName: "ours", allowed: [], config });
  const lambda = lambdaTarget({ allowed: [], config });

  expect(await attempt(bus, { eventBus: { name: "theirs" } })).toMatchObject({ isFinal: true });
  expect(await attempt(lambda, { lambda: { function: "act" } })).toMatchObject({ isFinal: true });

  expect(calls).toEqual([]);
});
