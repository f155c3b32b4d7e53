import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { GetObjectCommand, ListObjectsV2Command } from "@aws-sdk/client-s3";
import type { DeadLetter } from "#core/events/index-entries.ts";
import type { ArchivedStream } from "#core/events/records/archive-layout.ts";
import { BASE_PATH, type Route, routes } from "#functions/routes.ts";
import { type DeployedPulse, NAMESPACE } from "./deployed-pulse.ts";
import { eventually } from "./eventually.ts";
import type { Report } from "./report.ts";

interface AnsweredEvent {
  readonly id: string;
  readonly tags: readonly string[];
}

const JSON_BODY = { "content-type": "application/json" };

/**
 * The way of an event through everything that is deployed, as its callers see it; where rights are enforced, with no
 * more of them than each function was granted.
 */
export async function checkEvents(pulse: DeployedPulse, report: Report): Promise<void> {
  const created = await report.need("an event is created: 201, with its id, its tags and a receipt", () =>
    createEvent(pulse, { type: "health", tags: ["gateways:shop", "journey"], value: 1 }),
  );
  await report.check("it goes through Kinesis into the index, and a query with its receipt finds it", () =>
    eventually(async () => {
      const found = await pulse.ask<AnsweredEvent[]>(`/events?tag=journey&after=${created.receipt}`);
      assert.deepEqual(found, [created.event]);
    }),
  );
  await report.check("it is found by its id", async () => {
    assert.deepEqual(await pulse.ask(`/events/${created.event.id}`), created.event);
  });
  await report.check("of many events each is answered by itself, and the good ones are aggregated", () =>
    createsMany(pulse),
  );
  await report.check("a retry under the same Idempotency-Key gets the first event; another body is refused", () =>
    remembersKeys(pulse),
  );
  await report.check("a namespace has events of its own; an undeclared one is not there", () => keepsApart(pulse));
  await report.check("every route, bare and in a namespace, reaches its function", () => reachesEveryRoute(pulse));
  await report.check("what no route takes is refused as a problem: 400, 404, 405", () => refuses(pulse));
  await report.check("a caller who signs nothing is refused as a problem", () => refusesUnsigned(pulse));
  await report.check("a browser may ask first: OPTIONS is answered without a signature", () => answersPreflight(pulse));
  await report.check("the archive in S3 has the event, under the hour it arrived", () =>
    archives(pulse, created.event),
  );
  await report.check("a record that is no event is a dead letter in S3, with its reason", () => putsAside(pulse));
}

interface Created {
  readonly event: AnsweredEvent;
  readonly receipt: string;
}

export async function createEvent(
  pulse: DeployedPulse,
  event: object,
  headers: Readonly<Record<string, string>> = {},
): Promise<Created> {
  const path = `${BASE_PATH}/events`;
  const body = JSON.stringify(event);
  const answer = await pulse.api(path, { method: "POST", headers: { ...JSON_BODY, ...headers }, body });
  const text = await answer.text();
  assert.equal(answer.status, 201, text);
  const created = JSON.parse(text) as AnsweredEvent;
  assert.ok(answer.headers.get("location")?.endsWith(`${path}/${created.id}`), "Location names the event");
  return { event: created, receipt: answer.headers.get("pulse-receipt") as string };
}

async function createsMany(pulse: DeployedPulse): Promise<void> {
  const events = [1, 2, 3].map((value) => JSON.stringify({ type: "metrics", tags: ["many"], value }));
  const answer = await pulse.api(`${BASE_PATH}/events`, {
    method: "POST",
    headers: { "content-type": "application/x-ndjson" },
    body: [...events, '{"type":"metrics"}'].join("\n"),
  });

  const { accepted, rejected } = (await answer.json()) as { accepted: number; rejected: number };
  assert.deepEqual({ accepted, rejected }, { accepted: 3, rejected: 1 });
  await eventually(async () => {
    const sum = await pulse.ask(`/events/aggregate?tag=many&aggregator=sum`);
    assert.deepEqual(sum, { value: 6 });
  });
}

async function remembersKeys(pulse: DeployedPulse): Promise<void> {
  const key = { "idempotency-key": "journey" };
  const event = { tags: ["keyed"], value: "first" };
  const [first, again] = [await createEvent(pulse, event, key), await createEvent(pulse, event, key)];
  const other = await pulse.api(`${BASE_PATH}/events`, {
    method: "POST",
    headers: { ...JSON_BODY, ...key },
    body: JSON.stringify({ ...event, value: "second" }),
  });

  assert.equal(again.event.id, first.event.id);
  assert.equal(other.status, 422);
  await eventually(async () => assert.equal((await pulse.ask<unknown[]>("/events?tag=keyed")).length, 1));
}

async function keepsApart(pulse: DeployedPulse): Promise<void> {
  const body = JSON.stringify({ tags: ["apart"] });
  const inNamespace = await pulse.api(`/${NAMESPACE}${BASE_PATH}/events`, { method: "POST", headers: JSON_BODY, body });
  const undeclared = await pulse.api(`/nobodys${BASE_PATH}/events`);

  assert.equal(inNamespace.status, 201);
  assert.equal(undeclared.status, 404);
  await eventually(async () => {
    const found = await (await pulse.api(`/${NAMESPACE}${BASE_PATH}/events?tag=apart`)).json();
    assert.equal((found as unknown[]).length, 1);
  });
  assert.deepEqual(await pulse.ask("/events?tag=apart"), []);
}

async function reachesEveryRoute(pulse: DeployedPulse): Promise<void> {
  const strays: string[] = [];
  for (const base of [BASE_PATH, `/${NAMESPACE}${BASE_PATH}`])
    for (const route of routes.filter(({ streams }) => !streams)) {
      const stray = await strayAnswer(pulse, base, route);
      if (stray !== undefined) strays.push(stray);
    }
  assert.deepEqual(strays, []);
}

/** An answer that is not the function's own; what is sent says nothing, so most are answered 400, 404 or 415 by it. */
async function strayAnswer(
  pulse: DeployedPulse,
  base: string,
  { method, path, kinds: [kind = "nothing"] = [] }: Route,
): Promise<string | undefined> {
  const request = method === "GET" ? {} : { method, headers: JSON_BODY, body: "7" };
  // Another kind than Vamp's is no path at all, and answered so by the function itself.
  const answer = await pulse.api(base + path.replace("{kind}", kind).replaceAll(/\{\w+\}/g, "nothing"), request);
  const text = await answer.text();
  const isOwn = [200, 201, 400, 404, 415].includes(answer.status) && !text.includes("there is no path");
  return isOwn ? undefined : `${method} ${base}${path} was answered ${answer.status}: ${text}`;
}

async function refuses(pulse: DeployedPulse): Promise<void> {
  const invalid = await pulse.api(`${BASE_PATH}/events`, { method: "POST", headers: JSON_BODY, body: "{}" });
  const pathless = await pulse.api(`${BASE_PATH}/nothing/here`);
  const wrongMethod = await pulse.api(`${BASE_PATH}/events`, { method: "DELETE" });

  assert.deepEqual(await statusOfProblem(invalid), 400);
  assert.deepEqual(await statusOfProblem(pathless), 404);
  assert.deepEqual(await statusOfProblem(wrongMethod), 405);
  assert.match(wrongMethod.headers.get("allow") ?? "", /GET/);
}

async function refusesUnsigned(pulse: DeployedPulse): Promise<void> {
  const answer = await pulse.api(`${BASE_PATH}/events`, { signer: "nobody" });

  assert.equal(answer.ok, false);
  assert.deepEqual(await statusOfProblem(answer), answer.status);
  assert.ok([401, 403].includes(answer.status), `it was answered ${answer.status}`);
}

/** The status that a problem document names, which must be the answer's. */
export async function statusOfProblem(answer: Response): Promise<number> {
  // The emulator puts a type of its own before that of API Gateway's own answers.
  assert.match(answer.headers.get("content-type") ?? "", /(^|, )application\/problem\+json$/);
  const { status } = (await answer.json()) as { status: number };
  assert.equal(status, answer.status);
  return status;
}

async function answersPreflight(pulse: DeployedPulse): Promise<void> {
  const headers = { origin: "https://ui.example", "access-control-request-method": "POST" };
  const answer = await pulse.api(`${BASE_PATH}/events`, { method: "OPTIONS", headers, signer: "nobody" });

  assert.equal(answer.status, 204);
  assert.equal(answer.headers.get("access-control-allow-origin"), "*");
}

async function archives(pulse: DeployedPulse, { id }: AnsweredEvent): Promise<void> {
  await eventually(async () => {
    const objects = await archivedLately(pulse, "events");
    assert.ok(
      objects.some((object) => textOf(object).includes(id)),
      `no object has event ${id}`,
    );
  });
}

/** The objects of a stream that arrived in this hour, or just before. */
export async function archivedLately(pulse: DeployedPulse, stream: ArchivedStream): Promise<Buffer[]> {
  const bucket = pulse.output("Journal", "ArchiveBucket");
  const hours = [Date.now() - 3_600_000, Date.now()].map(hourOf);
  return (await Promise.all(hours.map((hour) => objectsOf(pulse, bucket, `${stream}/${hour}/`)))).flat();
}

const hourOf = (timeMs: number): string =>
  new Date(timeMs).toISOString().slice(0, "yyyy-mm-ddThh".length).replaceAll(/[-T]/g, "/");

/** Whatever lies below the prefix. */
export async function objectsOf({ account }: DeployedPulse, bucket: string, prefix: string): Promise<Buffer[]> {
  const { Contents: found = [] } = await account.s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix }));
  return Promise.all(
    found.map(async ({ Key }) => {
      const { Body } = await account.s3.send(new GetObjectCommand({ Bucket: bucket, Key }));
      return Buffer.from((await Body?.transformToByteArray()) ?? []);
    }),
  );
}

export const isGzip = (object: Buffer): boolean => object[0] === 0x1f && object[1] === 0x8b;

const textOf = (object: Buffer): string => (isGzip(object) ? gunzipSync(object) : object).toString();

async function putsAside(pulse: DeployedPulse): Promise<void> {
  const line = "no event at all";
  await pulse.account.json("kinesis", "Kinesis_20131202.PutRecord", {
    StreamName: pulse.output("Journal", "EventsStream"),
    PartitionKey: "anything",
    Data: Buffer.from(`${line}\n`).toString("base64"),
  });

  await eventually(async () => {
    const letters = await deadLettersOf(pulse, "index-events/");
    const letter = letters.find((candidate) => candidate.line === line);
    assert.ok(letter, `it is not among ${letters.length} dead letters`);
    assert.ok(letter.reason);
  });
}

/** What a consumer has put aside. */
export async function deadLettersOf(pulse: DeployedPulse, prefix: string): Promise<readonly DeadLetter[]> {
  const objects = await objectsOf(pulse, pulse.output("Journal", "DeadLettersBucket"), prefix);
  return objects.flatMap((object) => object.toString().trimEnd().split("\n")).map((text) => JSON.parse(text));
}
