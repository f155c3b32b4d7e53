import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type Call, type Reply, transports } from "#test/support/http/transports.ts";
import { type MemoryPulse, openMemoryPulse } from "#test/support/memory/memory-pulse.ts";

const JSON_TYPE = { "content-type": "application/json" };

describe.each(transports)("POST /events $name", (transport) => {
  let pulse: MemoryPulse;
  let open: Awaited<ReturnType<typeof transport.open>>;
  const call = (request: Call): Promise<Reply> => open.call(request);
  const post = (body: unknown, headers: Record<string, string> = {}): Promise<Reply> =>
    call({
      method: "POST",
      path: "/api/v1/events",
      headers: { ...JSON_TYPE, ...headers },
      body: typeof body === "string" || Buffer.isBuffer(body) ? body : JSON.stringify(body),
    });
  const find = async (id: string) => (await call({ path: `/api/v1/events/${id}` })).text;

  beforeAll(async () => {
    pulse = openMemoryPulse({ namespaces: ["team-a"] });
    open = await transport.open(pulse.handlers);
  });
  afterAll(async () => {
    await open.close();
    await pulse.close();
  });

  test("answers 201 with the event, its place and a receipt", async () => {
    const reply = await post({ tags: ["services:front:0.2", "services:front:0.2"], value: 1, type: "health" });

    expect(reply.status).toBe(201);
    expect(reply.json).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
      type: "health",
      tags: ["services", "services:front:0.2"],
      value: 1,
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    });
    expect(reply.headers.location).toBe(`${transport.prefix}/api/v1/events/${reply.json.id}`);
    expect(reply.headers["pulse-receipt"]).toMatch(/^[\w.~-]+$/);
    expect(reply.headers["cache-control"]).toBe("no-store");
    expect(await find(reply.json.id)).toBe(reply.text);
  });

  test("takes one tag as a string, an empty type, a kind, and no value", async () => {
    const reply = await post({ tags: "alone", type: "", kind: "event", value: null });

    expect(reply.status).toBe(201);
    expect(reply.json).toMatchObject({ type: "event", tags: ["alone"] });
    expect(reply.json).not.toHaveProperty("value");
  });

  test.each([
    ["big integers", "[123456789012345678901234567890,1e400,-0.0]"],
    ["the order and the repeats of keys", '{"b":1,"a":2,"b":3,"__proto__":{"x":1},"":0,"a.b":[]}'],
    ["escapes as they were written", '"\\u00e9\\/\\ud83d\\ude00 é"'],
    ["depth", `${"[".repeat(1000)}${"]".repeat(1000)}`],
  ])("returns a value byte for byte: %s", async (_, value) => {
    const reply = await post(`{"tags":["t"],"value":${value}}`);

    expect(reply.status).toBe(201);
    expect(reply.text).toContain(`"value":${value},`);
    expect(await find(reply.json.id)).toBe(reply.text);
  });

  test("drops the whitespace between a value's tokens, and nothing else", async () => {
    const reply = await post('{ "tags" : ["t"] , "value" : { "a b" : [ 1 , " x  y " ] ,\n "c" : null } }');

    expect(reply.text).toContain('"value":{"a b":[1," x  y "],"c":null},');
  });

  test("returns a timestamp as it was given", async () => {
    const reply = await post({ tags: ["t"], timestamp: "2017-02-01T10:00:00.123456789+02:00" });

    expect(reply.json.timestamp).toBe("2017-02-01T10:00:00.123456789+02:00");
  });

  test("names every fault by its JSON pointer", async () => {
    const reply = await post({ type: "a b", tags: ["", 7], timestamp: "yesterday", id: "x", "a/b~c": 1 });

    expect(reply.status).toBe(400);
    expect(reply.headers["content-type"]).toBe("application/problem+json");
    expect(reply.json).toMatchObject({
      type: "urn:pulse:problem:invalid-input",
      status: 400,
      title: expect.any(String),
    });
    expect(reply.json.instance).toMatch(/^urn:uuid:/);
    expect(reply.json.message).toBe(reply.json.detail);
    const pointers = reply.json.errors.map(({ pointer }: { pointer: string }) => pointer);
    expect(pointers.sort()).toEqual(["/a~1b~0c", "/id", "/tags/0", "/tags/1", "/timestamp", "/type"]);
  });

  test.each([
    ["nothing", "", ""],
    ["no JSON", "{tags:[1]}", ""],
    ["a number", "7", ""],
    ["null", "null", ""],
    ["no tags", "{}", "/tags"],
    ["an empty list of tags", '{"tags":[]}', "/tags"],
    ["an empty tag", '{"tags":""}', "/tags"],
    ["tags that are an object", '{"tags":{}}', "/tags"],
    ["a tag of 513 characters", JSON.stringify({ tags: ["x".repeat(513)] }), "/tags/0"],
    ["half a surrogate pair", '{"tags":["\\ud800"]}', "/tags/0"],
    ["10,000 tags", JSON.stringify({ tags: Array.from({ length: 10_000 }, (_, i) => `t${i}`) }), "/tags"],
    ["a type of 101 characters", JSON.stringify({ tags: ["t"], type: "x".repeat(101) }), "/type"],
    ["a type that is null", '{"tags":["t"],"type":null}', "/type"],
    ["a polluting key", '{"tags":["t"],"__proto__":{"admin":true}}', "/__proto__"],
    ["a constructor", '{"tags":["t"],"constructor":1}', "/constructor"],
    ["a time without a zone", '{"tags":["t"],"timestamp":"2020-01-01T00:00:00"}', "/timestamp"],
    ["a day that is not", '{"tags":["t"],"timestamp":"2020-02-30T00:00:00Z"}', "/timestamp"],
    ["a time as a number", '{"tags":["t"],"timestamp":1580000000}', "/timestamp"],
  ])("refuses %s, and lives on", async (_, body, pointer) => {
    const reply = await post(body);

    expect(reply.status).toBe(400);
    expect(reply.json.errors).toContainEqual({ pointer, detail: expect.any(String) });
    expect((await post({ tags: ["t"] })).status).toBe(201);
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });

  test("refuses what is nested deeper than calls can be, in a batch at no cost to its neighbours", async () => {
    const deep = "[".repeat(50_000) + "]".repeat(50_000);

    expect((await post(`{"tags":["a"],"type":${deep}}`)).status).toBe(400);
    const { status, json } = await post(`[{"tags":["a"]},{"tags":[${deep}]}]`);

    expect(status).toBe(200);
    expect(json.items.map((item: { status: number }) => item.status)).toEqual([201, 400]);
  });

  test("refuses bytes that are not UTF-8", async () => {
    const reply = await post(Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]));

    expect(reply.status).toBe(400);
    expect(reply.json.detail).toContain("UTF-8");
  });

  test("takes an event of 256 KiB and refuses a larger one", async () => {
    const frame = '{"tags":["t"],"value":""}';
    const event = (bytes: number) => `{"tags":["t"],"value":"${"x".repeat(bytes - frame.length)}"}`;

    expect((await post(event(256 * 1024))).status).toBe(201);
    expect((await post(event(256 * 1024 + 1))).status).toBe(413);
  });

  test("refuses a body over 4 MiB", async () => {
    const reply = await post(`[${" ".repeat(4 * 1024 * 1024)}]`);

    expect(reply.status).toBe(413);
  });

  test("answers a batch item by item, in order", async () => {
    const reply = await post([{ tags: ["a"] }, { tags: [] }, 7, { tags: ["b"], value: { n: 1 } }]);

    expect(reply.status).toBe(200);
    expect(reply.json).toMatchObject({ accepted: 2, rejected: 2 });
    expect(reply.json.items.map(({ status }: { status: number }) => status)).toEqual([201, 400, 400, 201]);
    expect(reply.json.items[1].problem.errors).toEqual([{ pointer: "/tags", detail: expect.any(String) }]);
    expect(JSON.parse(await find(reply.json.items[3].id))).toMatchObject({ tags: ["b"], value: { n: 1 } });
    expect(reply.headers["pulse-receipt"]).toBeDefined();
  });

  test("names the line of NDJSON that is wrong, as an editor counts it", async () => {
    const lines = [
      '{"tags":["a"]}',
      "",
      "{oops",
      '{"tags":[],"tpye":"x"}',
      `{"tags":["a"],"value":"${"x".repeat(270_000)}"}`,
    ];
    const reply = await post(lines.join("\r\n"), { "content-type": "application/x-ndjson" });

    const [taken, ...refused] = reply.json.items;
    expect(taken.status).toBe(201);
    expect(refused.map(({ status }: { status: number }) => status)).toEqual([400, 400, 413]);
    const details = refused.map(({ problem }: { problem: { detail: string } }) => problem.detail);
    expect(details).toEqual([
      expect.stringMatching(/^line 3 is not JSON: .+ \(column 2\)$/),
      expect.stringMatching(/^line 4, \/tags, must hold at least one tag; line 4, \/tpye, is not known: /),
      expect.stringMatching(/^line 5: the event has \d+ bytes/),
    ]);
    expect(refused[1].problem.errors.map(({ pointer }: { pointer: string }) => pointer)).toEqual(["/tags", "/tpye"]);
  });

  test("takes newline-delimited JSON, a bad line costing no other", async () => {
    const reply = await post('{"tags":["a"]}\n\n{oops\r\n{"tags":["b"]}\n', { "content-type": "application/x-ndjson" });

    expect(reply.status).toBe(200);
    expect(reply.json.items.map(({ status }: { status: number }) => status)).toEqual([201, 400, 201]);
  });

  test("answers 10,000 bad items within what Lambda can answer, each by its status at least", async () => {
    const { status, text, json } = await post(Array.from({ length: 10_000 }, () => ({ tag: "a", valu: 1 })));

    expect(status).toBe(200);
    expect(JSON.stringify(text).length).toBeLessThan(5_000_000);
    expect(json.items[0].problem.errors).toHaveLength(3);
    expect(json.items[9_999]).toEqual({ status: 400 });
  });

  test("refuses more than 10,000 items at once", async () => {
    const reply = await post(`[${Array(10_001).fill('{"tags":["a"]}').join(",")}]`);

    expect(reply.status).toBe(413);
  });

  test("takes an empty batch", async () => {
    expect((await post("[]")).json).toEqual({ accepted: 0, rejected: 0, items: [] });
  });

  const cloudEvent = {
    specversion: "1.0",
    id: "1",
    source: "/shop",
    type: "com.example.order.created",
    subject: "order-7",
    time: "2020-01-01T00:00:00Z",
    datacontenttype: "application/json",
    traceparent: "00-x",
    data: { total: 12.5 },
  };
  const CLOUD_EVENT = { "content-type": "application/cloudevents+json; charset=utf-8" };

  test("takes a structured CloudEvent", async () => {
    const reply = await post({ ...cloudEvent, id: `${transport.name} 1` }, CLOUD_EVENT);

    expect(reply.status).toBe(201);
    expect(reply.json).toMatchObject({
      type: "created",
      tags: ["source", "source:/shop", "subject", "subject:order-7"],
      value: { total: 12.5 },
      timestamp: "2020-01-01T00:00:00Z",
    });
  });

  test("keeps a CloudEvent once, however often it is sent", async () => {
    const event = { ...cloudEvent, id: `${transport.name} 2`, tags: "orders,shop:berlin" };

    const first = await post(event, CLOUD_EVENT);
    const again = await post([event], { "content-type": "application/cloudevents-batch+json" });

    expect(first.json.tags).toEqual(["orders", "shop", "shop:berlin"]);
    expect(again.json.items).toEqual([{ status: 201, id: first.json.id }]);
    expect((await post({ ...event, data: 1 }, CLOUD_EVENT)).status).toBe(422);
  });

  test("takes a binary CloudEvent", async () => {
    const reply = await post('{ "a" : 1 }', {
      "ce-specversion": "1.0",
      "ce-id": `${transport.name} 3`,
      "ce-source": "/caf%C3%A9",
      "ce-type": "ping",
    });

    expect(reply.status).toBe(201);
    expect(reply.json).toMatchObject({ type: "ping", tags: ["source", "source:/café"], value: { a: 1 } });
  });

  test("refuses a binary CloudEvent whose data is larger than an event may be", async () => {
    const about = { "ce-specversion": "1.0", "ce-id": "large", "ce-source": "/a", "ce-type": "t" };

    expect((await post(`"${"x".repeat(256 * 1024)}"`, about)).status).toBe(413);
  });

  test("names what a CloudEvent lacks", async () => {
    const reply = await post({ specversion: "0.3", type: "x", time: "soon" }, CLOUD_EVENT);

    expect(reply.status).toBe(400);
    const pointers = reply.json.errors.map(({ pointer }: { pointer: string }) => pointer);
    expect(pointers).toEqual(expect.arrayContaining(["/specversion", "/id", "/source"]));
  });

  test("gives a retry the event of the first try", async () => {
    const headers = { "Idempotency-Key": `${transport.name} once` };
    const first = await post({ tags: ["retried"], value: 1 }, headers);
    const again = await post({ tags: ["retried"], value: 1 }, headers);

    expect(again.status).toBe(201);
    expect(again.text).toBe(first.text);
    const list = await call({ path: "/api/v1/events?tag=retried" });
    expect(list.json).toHaveLength(1);
    await post({ tags: ["retried"], value: 2 }, { "Idempotency-Key": `${transport.name} twice` });
  });

  test("refuses a used key with another body", async () => {
    const headers = { "idempotency-key": `${transport.name} reused` };
    await post({ tags: ["one"] }, headers);

    const reply = await post({ tags: ["two"] }, headers);

    expect(reply.status).toBe(422);
    expect(reply.json.type).toBe("urn:pulse:problem:key-reused");
  });

  test("counts each item's place in a batch under one key", async () => {
    const headers = { "idempotency-key": `${transport.name} batch` };
    const batch = [{ tags: ["x"] }, { tags: ["x"] }];
    const ids = (reply: Reply) => reply.json.items.map(({ id }: { id: string }) => id);

    const first = ids(await post(batch, headers));
    const again = ids(await post(batch, headers));

    expect(again).toEqual(first);
    expect(new Set(first).size).toBe(2);
  });

  test("refuses a key that is too long", async () => {
    const reply = await post({ tags: ["x"] }, { "idempotency-key": "k".repeat(256) });

    expect(reply.status).toBe(400);
    expect(reply.json.errors[0].pointer).toBe("idempotency-key");
  });

  test("refuses a body of another kind, saying which are taken", async () => {
    const reply = await post("tags: [a]", { "content-type": "application/x-yaml" });

    expect(reply.status).toBe(415);
    expect(reply.json.detail).toContain("application/json");
  });

  test("refuses a caller who cannot read JSON", async () => {
    expect((await post({ tags: ["a"] }, { accept: "application/x-yaml" })).status).toBe(406);
    expect((await post({ tags: ["a"] }, { accept: "text/html, */*;q=0.1" })).status).toBe(201);
  });

  test("keeps namespaces apart, and knows no undeclared one", async () => {
    const inTeam = await call({
      method: "POST",
      path: "/team-a/api/v1/events/",
      headers: JSON_TYPE,
      body: '{"tags":["mine"]}',
    });

    expect(inTeam.status).toBe(201);
    expect(inTeam.headers.location).toBe(`${transport.prefix}/team-a/api/v1/events/${inTeam.json.id}`);
    expect((await call({ path: `/api/v1/events/${inTeam.json.id}` })).status).toBe(404);
    expect((await call({ path: `/team-a/api/v1/events/${inTeam.json.id}` })).status).toBe(200);
    expect((await call({ path: "/team-b/api/v1/events" })).status).toBe(404);
  });
});
