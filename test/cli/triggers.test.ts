import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { Webhook } from "standardwebhooks";
import { type ServedPulse, servePulse } from "#dev/served-pulse.ts";
import { openWebhookReceiver, type WebhookReceiver } from "#test/support/http/webhook-receiver.ts";
import { WEBHOOK_SECRET } from "#test/support/samples/a-trigger.ts";
import { temporaryFolder } from "#test/support/temporary-folder.ts";
import { until } from "#test/support/until.ts";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let pulse: ServedPulse;
let receiver: WebhookReceiver;

const serve = () => servePulse(["--port", "0", "--syslog", "0", "--data", folder.path]);

beforeEach(async () => {
  folder = await temporaryFolder();
  receiver = await openWebhookReceiver();
  pulse = await serve();
});
afterEach(async () => {
  await pulse.stop();
  await receiver.close();
  await folder.remove();
});

const api = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
  const response = await fetch(`${pulse.url}/api/v1${path}`, {
    method,
    headers: { "content-type": "application/json", ...headers },
    ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  return { status: response.status, text: await response.text() };
};
const put = (name: string, declared: unknown) => api("PUT", `/artifacts/triggers/${name}`, declared);
const events = async (query: string) => JSON.parse((await api("GET", `/events?${query}`)).text);
const webhook = () => ({ webhook: { url: receiver.url, secret: WEBHOOK_SECRET } });

test("a trigger that was put is started by the next event, and its secret is shown by its artifact alone", async () => {
  const source = JSON.stringify({ tags: ["deployed"], target: webhook() }, null, 3);
  expect((await put("tell", source)).status).toBe(201);

  const created = JSON.parse((await api("POST", "/events", { tags: ["deployed"], value: { a: 1 } })).text);
  await until(() => receiver.calls.length === 1);

  const [call] = receiver.calls;
  expect(new Webhook(WEBHOOK_SECRET).verify(call?.body ?? "", call?.headers ?? {})).toMatchObject({ data: created });
  expect((await api("GET", "/artifacts/triggers/tell")).text).toBe(source);
  await until(async () => (await events("tag=deliveries:succeeded")).length === 1);
  const everything = JSON.stringify(await events("per_page=1000"));
  expect(everything).toContain("whsec_hidden");
  expect(everything).not.toContain(WEBHOOK_SECRET);
});

test("what was accepted is delivered though the server is killed before it can be, and after", async () => {
  await put("tell", { tags: ["deployed"], target: webhook() });
  receiver.answer = (response) => response.writeHead(503, { "retry-after": "1" }).end();
  const ids: string[] = [];
  for (let index = 0; index < 20; index++)
    ids.push(JSON.parse((await api("POST", "/events", { tags: ["deployed"] })).text).id);
  await pulse.kill();
  receiver.answer = (response) => response.writeHead(200).end();
  const before = receiver.calls.length;

  pulse = await serve();

  const delivered = () => receiver.calls.slice(before).map(({ body }) => JSON.parse(body).data.id);
  await until(() => ids.every((id) => delivered().includes(id)), delivered);
});

test("a receiver that answers each delivery with an event is stopped at the eighth, visibly", async () => {
  await put("echo", { tags: ["ping"], target: webhook() });
  receiver.answer = async (response, { headers }) => {
    const hops = headers["pulse-hops"] as string;
    await api("POST", "/events", { tags: ["ping"] }, { "pulse-hops": hops });
    response.writeHead(204).end();
  };

  await api("POST", "/events", { tags: ["ping"] });
  await until(async () => (await events("tag=deliveries:stopped")).length === 1);

  expect(receiver.calls.map(({ headers }) => headers["pulse-hops"])).toEqual(["0", "1", "2", "3", "4", "5", "6", "7"]);
  expect(await events("tag=ping")).toHaveLength(9);
});

test.each([
  [
    "the type of log lines",
    { type: "haproxy", target: { webhook: { url: "https://a.example", secret: WEBHOOK_SECRET } } },
    "/type",
  ],
  [
    "metadata",
    { tags: "a", target: { webhook: { url: "https://169.254.169.254/", secret: WEBHOOK_SECRET } } },
    "/target/webhook/url",
  ],
  [
    "http elsewhere",
    { tags: "a", target: { webhook: { url: "http://a.example/", secret: WEBHOOK_SECRET } } },
    "/target/webhook/url",
  ],
  ["a bus of AWS", { tags: "a", target: { eventBus: {} } }, "/target"],
  ["nothing", {}, "/target"],
])("refuses %s when it is put", async (_, declared, pointer) => {
  const { status, text } = await put("bad", declared);

  expect(status).toBe(400);
  expect(JSON.parse(text).errors.map((error: { pointer: string }) => error.pointer)).toContain(pointer);
  expect((await api("GET", "/artifacts/triggers/bad")).status).toBe(404);
});

test("refuses a secret that is written so that its archive event would show it", async () => {
  const escaped = JSON.stringify({ tags: "a", target: webhook() }).replace("whsec_", "whsec\\u005f");

  const { status, text } = await put("tell", escaped);

  expect(status).toBe(400);
  expect(JSON.parse(text).errors).toEqual([
    { pointer: "/target/webhook/secret", detail: expect.stringContaining("without escapes") },
  ]);
});

test.each(["-1", "x", "1000000"])("refuses an event whose Pulse-Hops is %j", async (hops) => {
  expect((await api("POST", "/events", { tags: ["a"] }, { "pulse-hops": hops })).status).toBe(400);
});
