import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type Reply, transports } from "#test/support/http/transports.ts";
import { type MemoryPulse, openMemoryPulse } from "#test/support/memory/memory-pulse.ts";

const ORDERS = { period: "month", retentionDays: 30, fields: { amount: "double", "customer.country": "keyword" } };

describe.each(transports)("event types $name", (transport) => {
  let pulse: MemoryPulse;
  let open: Awaited<ReturnType<typeof transport.open>>;
  let named = 0;
  /** A type that no other test uses. */
  const aType = (): string => `type-${named++}`;

  beforeAll(async () => {
    pulse = openMemoryPulse({ namespaces: ["team-a"] });
    open = await transport.open(pulse.handlers);
  });
  afterAll(async () => {
    await open.close();
    await pulse.close();
  });

  type Headers = Readonly<Record<string, string>>;
  const json = { "content-type": "application/json" };
  const declare = (type: string, source: unknown, headers: Headers = {}): Promise<Reply> =>
    open.call({
      method: "PUT",
      path: `/api/v1/artifacts/event-types/${type}`,
      body: typeof source === "string" ? source : JSON.stringify(source),
      headers: { ...json, ...headers },
    });
  const get = (path: string): Promise<Reply> => open.call({ path: `/api/v1${path}` });
  const post = (path: string, body: unknown): Promise<Reply> =>
    open.call({ method: "POST", path: `/api/v1${path}`, body: JSON.stringify(body), headers: json });
  const create = (type: string, value: unknown) => post("/events", { type, tags: ["shop"], value });
  const summaryOf = async (type: string) =>
    (await get("/event-types")).json.find(({ name }: { name: string }) => name === type);

  test("are declared in YAML, and the next event has their fields", async () => {
    const type = aType();
    const yaml = `name: ${type} # ours\nperiod: day\nretentionDays: 7\nfields:\n  amount: double\n  customer.country: keyword\n`;

    const declared = await declare(type, yaml, { "content-type": "application/yaml" });
    await create(type, { amount: 12.5, customer: { country: "DE" } });
    await create(type, { amount: 4, customer: { country: "FR" } });

    expect(declared.status).toBe(201);
    const found = await post("/events/search", { type, value: { "customer.country": "DE", amount: { gte: 10 } } });
    expect(found.json).toMatchObject([{ value: { amount: 12.5 } }]);
    const sums = await post("/events/aggregate", {
      type,
      aggregator: { type: "sum", field: "amount" },
      groupBy: "customer.country",
    });
    expect(sums.json).toEqual({
      groups: [
        { key: "DE", count: 1, value: 12.5 },
        { key: "FR", count: 1, value: 4 },
      ],
    });
    expect(await summaryOf(type)).toMatchObject({
      count: 2,
      period: "day",
      retentionDays: 7,
      fields: { amount: "double", "customer.country": "keyword" },
    });
  });

  test("gain fields and another retention when they have events", async () => {
    const type = aType();
    await create(type, { amount: 1 });
    await declare(type, ORDERS);
    await create(type, { amount: 2 });
    const more = { ...ORDERS, retentionDays: 3, fields: { ...ORDERS.fields, paid: "boolean" } };

    const replies = [await declare(type, more), await declare(type, more)];
    await create(type, { amount: 4, paid: true });

    expect(replies.map(({ status, headers }) => [status, headers.etag])).toEqual([
      [200, '"2"'],
      [200, '"2"'],
    ]);
    const paid = await post("/events/search", { type, value: { paid: true } });
    expect(paid.json).toMatchObject([{ value: { amount: 4 } }]);
    const sum = await post("/events/aggregate", { type, aggregator: { type: "sum", field: "amount" } });
    expect(sum.json).toEqual({ value: 6 });
    expect(await summaryOf(type)).toMatchObject({ count: 3, retentionDays: 3 });
  });

  test("are not changed against the events that they have, and the answer says all that is against it", async () => {
    const type = aType();
    await declare(type, ORDERS);
    await create(type, { amount: 1 });

    const refused = await declare(type, { ...ORDERS, period: "day", fields: { amount: "long", paid: "boolean" } });

    expect(refused.status).toBe(409);
    expect(refused.json).toMatchObject({
      type: "urn:pulse:problem:conflict",
      detail: expect.stringContaining("must stay double"),
      errors: [
        { pointer: "/period", detail: expect.stringContaining('must stay "month"') },
        { pointer: "/fields/amount", detail: "must stay double: the type has events" },
        { pointer: "/fields/customer.country", detail: "must not be removed: the type has events" },
      ],
    });
    expect((await get(`/artifacts/event-types/${type}`)).json).toEqual(ORDERS);
    expect((await get(`/events?type=archive&tag=event-types:${type}`)).json).toHaveLength(1);
    expect(await summaryOf(type)).toMatchObject({ period: "month", fields: ORDERS.fields });
  });

  test("are changed in any way as long as they have none", async () => {
    const type = aType();
    await declare(type, ORDERS);

    const reply = await declare(type, { period: "day", retentionDays: 1, fields: { amount: "keyword" } });
    await create(type, { amount: "much" });

    expect(reply.status).toBe(200);
    expect((await post("/events/search", { type, value: { amount: "much" } })).json).toHaveLength(1);
  });

  test("are refused with every fault, and then are not there", async () => {
    const type = aType();

    const reply = await declare(type, { period: "week", retentionDays: 0, fields: { a: "text" }, more: 1 });

    expect(reply.status).toBe(400);
    expect(reply.json.errors.map(({ pointer }: { pointer: string }) => pointer).sort()).toEqual([
      "/fields/a",
      "/more",
      "/period",
      "/retentionDays",
    ]);
    expect((await get(`/artifacts/event-types/${type}`)).status).toBe(404);
  });

  test.each([["Orders"], ["a%20b"], ["a.b"], ["~shared"]])("are refused under the name %s", async (name) => {
    const reply = await declare(name, ORDERS);

    expect(reply.status).toBe(400);
  });

  test("are those of all namespaces, and declared without one", async () => {
    const type = aType();
    await declare(type, ORDERS);

    const refused = await open.call({
      method: "PUT",
      path: `/team-a/api/v1/artifacts/event-types/${type}`,
      body: JSON.stringify(ORDERS),
      headers: json,
    });

    expect(refused.status).toBe(400);
    expect(refused.json.detail).toContain(`/artifacts/event-types/${type}`);
  });

  test("stay in force when what declared them is deleted", async () => {
    const type = aType();
    await declare(type, ORDERS);
    await create(type, { amount: 1 });

    const deleted = await open.call({ method: "DELETE", path: `/api/v1/artifacts/event-types/${type}` });
    await create(type, { amount: 2 });

    expect(deleted.status).toBe(204);
    const sum = await post("/events/aggregate", { type, aggregator: { type: "sum", field: "amount" } });
    expect(sum.json).toEqual({ value: 3 });
    expect((await declare(type, { ...ORDERS, fields: {} })).status).toBe(409);
    expect((await declare(type, { ...ORDERS, retentionDays: 9 })).status).toBe(201);
    expect(await summaryOf(type)).toMatchObject({ retentionDays: 9 });
  });

  test("that every deployment has get another retention, and no other fields", async () => {
    expect((await declare("allocation", { period: "month", retentionDays: 5 })).status).toBe(201);
    const refused = await declare("allocation", { period: "month", retentionDays: 5, fields: { mine: "keyword" } });
    await create("allocation", 1);

    expect(refused.status).toBe(409);
    expect(await summaryOf("allocation")).toMatchObject({ retentionDays: 5 });
  });

  test("are first asked for the version that a change is meant for", async () => {
    const type = aType();
    await declare(type, ORDERS);
    await create(type, { amount: 1 });

    expect((await declare(type, { ...ORDERS, fields: {} }, { "if-match": '"7"' })).status).toBe(412);
    expect((await declare(type, { ...ORDERS, retentionDays: 8 }, { "if-match": '"7"' })).status).toBe(412);
    expect((await declare(type, { ...ORDERS, retentionDays: 8 }, { "if-none-match": "*" })).status).toBe(412);
    expect((await declare(type, { ...ORDERS, retentionDays: 8 }, { "if-match": '"1"' })).status).toBe(200);
  });

  test("that many declare at once become what the last of those says who did not contradict", async () => {
    const type = aType();
    await create(type, { amount: 1 });

    const replies = await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        declare(type, { ...ORDERS, fields: Object.fromEntries([[`f${index % 4}`, "long"]]) }),
      ),
    );

    const made = replies.filter(({ status }) => status !== 409);
    expect(made.length).toBeGreaterThan(0);
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([201, 200, 409]));
    const { json: last } = await get(`/artifacts/event-types/${type}`);
    expect(await summaryOf(type)).toMatchObject({ fields: last.fields });
  });

  test("are declared and deleted by who has the right to, where callers are asked for it, however the path is written", async () => {
    const type = aType();
    const asWho = (rights: string) => async (method: "PUT" | "DELETE", kind: string, name: string) =>
      open.call({
        method,
        path: `/api/v1/artifacts/${kind}/${name}`,
        ...(method === "PUT" && { body: JSON.stringify(kind === "breeds" ? { a: 1 } : ORDERS), headers: json }),
        rights,
      });
    const writer = asWho("read write");
    const declarer = asWho("write declare");
    // The local server asks nobody who they are.
    const isAsked = transport.name === "invoked as Lambda";

    const put = await writer("PUT", "event-types", type);
    const others = [
      await writer("PUT", "event%2Dtypes", type),
      await writer("DELETE", "event-types", type),
      await writer("DELETE", "%65vent-types", type),
    ];

    expect(put.status).toBe(isAsked ? 403 : 201);
    expect(others.map(({ status }) => status)).toEqual(isAsked ? [403, 403, 403] : [200, 204, 404]);
    expect((await asWho("")("PUT", "event-types", type)).status).toBe(isAsked ? 403 : 201);
    if (isAsked) {
      expect(put.json).toMatchObject({ status: 403, detail: expect.stringContaining("right to declare types") });
      expect(put.headers["www-authenticate"]).toContain('error="insufficient_scope"');
      expect((await get(`/artifacts/event-types/${type}`)).status).toBe(404);
    }
    expect((await writer("PUT", "breeds", type)).status).toBe(201);
    expect((await declarer("PUT", "event-types", type)).status).toBe(isAsked ? 201 : 200);
    expect((await declarer("DELETE", "event-types", type)).status).toBe(204);
  });
});
