import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type Reply, transports } from "#test/support/http/transports.ts";
import { type MemoryPulse, openMemoryPulse } from "#test/support/memory/memory-pulse.ts";

const JSON_TYPE = { "content-type": "application/json" };

describe.each(transports)("queries $name", (transport) => {
  let pulse: MemoryPulse;
  let open: Awaited<ReturnType<typeof transport.open>>;

  const post = (path: string, body: unknown): Promise<Reply> =>
    open.call({ method: "POST", path, headers: JSON_TYPE, body: JSON.stringify(body) });
  const create = (...events: object[]): Promise<Reply> => post("/api/v1/events", events);
  const get = (path: string, body?: string): Promise<Reply> =>
    open.call({ path, ...(body === undefined ? {} : { body }) });
  const values = (reply: Reply) => reply.json.map(({ value }: { value: unknown }) => value);
  const links = (reply: Reply): Record<string, string> =>
    Object.fromEntries(
      (reply.headers.link ?? "").split(", ").map((link) => {
        const [, url = "", rel = ""] = /^<([^>]*)>; rel=(\w+)$/.exec(link) ?? [];
        return [rel, url.replace(/^https?:\/\/[^/]+(\/prod)?/, "")];
      }),
    );

  beforeAll(async () => {
    pulse = openMemoryPulse({ namespaces: ["team-a"] });
    open = await transport.open(pulse.handlers);
    await create(
      ...Array.from({ length: 7 }, (_, i) => ({
        tags: ["gateways:sava/9050", "metrics:rate", ...(i % 2 ? ["odd"] : [])],
        type: "metrics",
        value: i,
        timestamp: `2020-01-0${i + 1}T00:00:00Z`,
      })),
      { tags: ["gateways:sava/9050"], type: "haproxy", value: { Tt: 9, ST: 503, b: "app" } },
      { tags: ["mixed"], type: "deploy", value: { n: { m: 4 } }, timestamp: "2021-01-01T00:00:00Z" },
    );
  });
  afterAll(async () => {
    await open.close();
    await pulse.close();
  });

  test("lists what has all tags, newest first", async () => {
    const reply = await get("/api/v1/events?tag=metrics:rate&tag=odd");

    expect(reply.status).toBe(200);
    expect(values(reply)).toEqual([5, 3, 1]);
    expect(reply.headers["x-total-count"]).toBe("3");
    expect(reply.headers["pulse-position"]).toMatch(/^[\w.~-]+$/);
  });

  const query = { tags: ["metrics:rate"], type: "metrics", timestamp: { gte: "2020-01-03", lt: "2020-01-05" } };

  test("gives the same answer to a body, to its POST twin and to q", async () => {
    const body = JSON.stringify(query);
    const replies = [
      await get("/api/v1/events?tag=nothing&type=nothing", body),
      await post("/api/v1/events/search", query),
      await get(`/api/v1/events?q=${encodeURIComponent(body)}`),
      await get("/api/v1/events/?tag=metrics:rate&type=metrics&gte=2020-01-03&lt=2020-01-05&unknown=1"),
      await get(`/api/v1/events?tag=metrics:rate&timestamp=${encodeURIComponent(JSON.stringify(query.timestamp))}`),
    ];

    for (const reply of replies) expect(values(reply)).toEqual([3, 2]);
  });

  test("refuses parameters that are nearly known, with the names that are meant, and ignores those of others", async () => {
    const misspelt = await get("/api/v1/events?tags=odd&perPage=2&tags=a&page=1&_=1");
    const aggregated = await get("/api/v1/events/aggregate?agregator=sum");
    const artifacts = await get("/api/v1/artifacts/breeds?sources=true");
    const others = await get("/api/v1/events?tag=odd&_=1700000000&flatten=true&utm_source=x&timezone=UTC");

    expect(misspelt.status).toBe(400);
    expect(misspelt.json.errors).toEqual([
      { pointer: "tags", detail: expect.stringContaining('"tag" is meant') },
      { pointer: "perPage", detail: expect.stringContaining('"per_page" is meant') },
    ]);
    expect(aggregated).toMatchObject({ status: 400, json: { detail: expect.stringContaining('"aggregator"') } });
    expect(artifacts).toMatchObject({ status: 400, json: { detail: expect.stringContaining('"source"') } });
    expect(values(others)).toEqual([5, 3, 1]);
  });

  test("refuses an empty tag, which no event has, wherever it stands", async () => {
    const replies = [
      await get("/api/v1/events?tag="),
      await get("/api/v1/events/aggregate?tag=odd&tag="),
      await post("/api/v1/events/search", { tags: "" }),
      await post("/api/v1/events/search", { any: [""], none: [""] }),
    ];

    expect(replies.map(({ status }) => status)).toEqual([400, 400, 400, 400]);
    expect(replies.map(({ json }) => json.errors[0])).toEqual([
      { pointer: "/tags/0", detail: "must not be empty" },
      { pointer: "/tags/1", detail: "must not be empty" },
      { pointer: "/tags/0", detail: "must not be empty" },
      { pointer: "/any/0", detail: "must not be empty" },
    ]);
  });

  test("takes an exact instant, in any notation", async () => {
    expect(values(await get("/api/v1/events?tag=metrics:rate&timestamp=2020-01-03T01:00:00%2B01:00"))).toEqual([2]);
    expect(values(await post("/api/v1/events/search", { timestamp: "2020-01-03" }))).toEqual([2]);
  });

  test("lists everything but gateway logs when nothing is asked", async () => {
    const all = await get("/api/v1/events");
    const logs = await get("/api/v1/events?type=haproxy");

    expect(all.headers["x-total-count"]).toBe("8");
    expect(logs.headers["x-total-count"]).toBe("1");
    expect((await get("/api/v1/events", '{"tags":[]}')).text).toBe(all.text);
    expect((await get("/api/v1/events", "  \n")).text).toBe(all.text);
  });

  test("knows any, none and conditions on declared fields", async () => {
    const search = (asked: object) => post("/api/v1/events/search", asked);

    expect((await search({ any: ["odd", "mixed"] })).headers["x-total-count"]).toBe("4");
    expect((await search({ tags: "metrics:rate", none: ["odd"] })).headers["x-total-count"]).toBe("4");
    expect((await search({ type: "haproxy", value: { ST: { gte: 500 }, b: ["app"] } })).json).toHaveLength(1);
    expect((await search({ type: "haproxy", value: { ST: 200 } })).json).toEqual([]);
    expect((await search({ type: "haproxy", value: { nope: 1, b: { gt: 1 } } })).json.errors).toEqual([
      { pointer: "/value/nope", detail: expect.stringContaining("ST") },
      { pointer: "/value/b", detail: expect.any(String) },
    ]);
  });

  test("pages as Vamp did, keeping the whole query in its links", async () => {
    const first = await get("/api/v1/events?tag=metrics:rate&tag=gateways:sava/9050&per_page=3");
    const last = await get("/api/v1/events?tag=metrics:rate&page=3&per_page=3");

    expect(values(first)).toEqual([6, 5, 4]);
    expect(Object.keys(links(first))).toEqual(["first", "prev", "next", "last"]);
    expect(links(first).prev).toContain("page=1");
    expect(links(first).last).toContain("page=3");
    expect(new URL(links(first).next as string, "http://x").searchParams.getAll("tag")).toEqual([
      "metrics:rate",
      "gateways:sava/9050",
    ]);
    expect(values(await get(links(first).next as string))).toEqual([3, 2, 1]);
    expect(values(last)).toEqual([0]);
    expect(links(last).next).toContain("page=3");
  });

  test("answers an empty page past the end, however far", async () => {
    for (const page of ["4", "99999"]) {
      const reply = await get(`/api/v1/events?tag=metrics:rate&page=${page}&per_page=3`);

      expect(reply.status).toBe(200);
      expect(reply.text).toBe("[]");
      expect(reply.headers["x-total-count"]).toBe("7");
    }
  });

  test("clamps pages, and refuses what is no whole number", async () => {
    expect((await get("/api/v1/events?page=-3&per_page=0")).json).toHaveLength(1);
    expect((await get("/api/v1/events?per_page=5000")).status).toBe(200);
    const reply = await get("/api/v1/events?page=one&per_page=1.5");
    expect(reply.status).toBe(400);
    expect(reply.json.errors.map(({ pointer }: { pointer: string }) => pointer)).toEqual(["page", "per_page"]);
  });

  test("walks by cursor from the beginning to the end", async () => {
    const seen: unknown[] = [];
    let path: string | undefined = "/api/v1/events?tag=metrics:rate&cursor=*&per_page=2";
    for (let pages = 0; path !== undefined && pages < 10; pages++) {
      const reply: Reply = await get(path);
      seen.push(...values(reply));
      path = links(reply).next;
    }

    expect(seen).toEqual([6, 5, 4, 3, 2, 1, 0]);
    expect((await get("/api/v1/events?cursor=%00nonsense")).status).toBe(400);
  });

  test.each([
    ["a body that is no JSON", "{", ""],
    ["an unknown key", '{"tags":[],"foo":{"bar":1}}', "/foo"],
    ["both lt and lte", '{"timestamp":{"lt":"now","lte":"now"}}', "/timestamp"],
    ["date math that is none", '{"timestamp":{"gte":"now() - 10m"}}', "/timestamp/gte"],
    ["a time that is a number", '{"timestamp":7}', "/timestamp"],
    ["tags that are numbers", '{"tags":[1]}', "/tags/0"],
    ["a type that cannot be", '{"type":"a b"}', "/type/0"],
    ["an unknown aggregator", '{"aggregator":{"type":"median"}}', "/aggregator/type"],
    ["a wrong interval", '{"aggregator":{"type":"count","interval":"1w"}}', "/aggregator/interval"],
  ])("refuses %s", async (_, body, pointer) => {
    const reply = await get("/api/v1/events", body);

    expect(reply.status).toBe(400);
    const found = reply.json.errors.map((fault: { pointer: string }) => fault.pointer.replace(/\/lte?$/, ""));
    expect(found).toContain(pointer);
  });

  test("refuses conditions and groups that are longer than an engine takes", async () => {
    const many = { type: "haproxy", value: { ST: Array.from({ length: 40_000 }, (_, status) => status) } };

    expect((await post("/api/v1/events/search", many)).json.errors).toEqual([
      { pointer: "/value/ST", detail: expect.stringContaining("a list of 1 to 1000 values") },
    ]);
    expect((await post("/api/v1/events/aggregate", { groupBy: `tag:${"+".repeat(1_000)}` })).status).toBe(400);
  });

  test("names the faults of the filter, of the times and of the page at once", async () => {
    const reply = await get("/api/v1/events?page=x", '{"tagz":1,"timestamp":{"gte":"bogus"}}');

    const pointers = reply.json.errors.map(({ pointer }: { pointer: string }) => pointer);
    expect(pointers).toEqual(["/tagz", "/timestamp/gte", "page"]);
  });

  test("finds one event, or answers 404", async () => {
    const [event] = (await get("/api/v1/events?tag=mixed")).json;

    expect((await get(`/api/v1/events/${event.id}`)).json).toEqual(event);
    expect((await get("/api/v1/events/nope")).status).toBe(404);
    expect((await get("/api/v1/events/01890000-0000-7000-8000-000000000000")).status).toBe(404);
  });

  test("aggregates, by body, by POST and by query string", async () => {
    const average = { tags: ["metrics:rate"], aggregator: { type: "AVERAGE", field: "metrics" } };

    expect((await get("/api/v1/events", JSON.stringify(average))).json).toEqual({ value: 3 });
    expect((await post("/api/v1/events/aggregate", average)).json).toEqual({ value: 3 });
    expect((await get("/api/v1/events/aggregate?tag=metrics:rate&aggregator=sum")).json).toEqual({ value: 21 });
    expect((await get("/api/v1/events/aggregate?tag=metrics:rate")).json).toEqual({ value: 7 });
    expect((await get("/api/v1/events/aggregate?tag=none&aggregator=max")).json).toEqual({ value: null });
    expect((await get("/api/v1/events/aggregate?tag=mixed&aggregator=max&field=value.n.m")).json).toEqual({ value: 4 });
    expect((await get("/api/v1/events/aggregate?type=deploy&aggregator=max&field=deploy.n.m")).json).toEqual({
      value: 4,
    });
    expect((await get("/api/v1/events/aggregate?type=haproxy&aggregator=average&field=Tt")).json).toEqual({ value: 9 });
  });

  test("says how many events match where none has what is aggregated, and where it was looked for", async () => {
    const asked = "/api/v1/events/aggregate?tag=metrics:rate";
    const misspelt = { tags: ["metrics:rate"], aggregator: { type: "average", field: "metrics.rsponseTime" } };

    expect((await get("/api/v1/events", JSON.stringify(misspelt))).json).toEqual({
      value: null,
      count: 7,
      hint: 'no event that matches has a number at "rsponseTime"',
    });
    expect((await get(`${asked}&aggregator=percentiles&percents=50&field=a.b`)).json).toEqual({
      value: { 50: null },
      count: 7,
      hint: 'no event that matches has a number at "a.b"',
    });
    expect((await get("/api/v1/events/aggregate?tag=mixed&aggregator=min")).json).toMatchObject({
      value: null,
      count: 1,
      hint: expect.stringContaining("by its path, like a.b"),
    });
    expect((await get("/api/v1/events/aggregate?tag=none&aggregator=min&field=a")).json).toEqual({ value: null });
    expect((await get(`${asked}&aggregator=sum&field=a`)).json).toEqual({ value: 0 });
    expect((await get(`${asked}&aggregator=stats&field=a`)).json.value).toMatchObject({ count: 0 });
  });

  test("says the same of groups, series and different values, and of what nothing can be grouped by", async () => {
    const asked = "/api/v1/events/aggregate?tag=metrics:rate";
    const hintOf = async (parameters: string): Promise<unknown> => {
      const { json } = await get(`${asked}&${parameters}`);
      return [json.count, json.hint];
    };

    expect(await hintOf("aggregator=average&field=a.b&groupBy=tag")).toEqual([
      7,
      'no event that matches has a number at "a.b"',
    ]);
    expect(await hintOf("aggregator=average&field=a.b&interval=1d")).toEqual([
      7,
      'no event that matches has a number at "a.b"',
    ]);
    expect(await hintOf("aggregator=cardinality&field=a.b")).toEqual([7, expect.stringContaining('at "a.b"')]);
    expect(await hintOf("groupBy=backend")).toEqual([
      7,
      'no event that matches has anything at "backend" to group by: only numbers count there, unless the type declares it as a field',
    ]);
    expect(await hintOf("groupBy=tag:nobody")).toEqual([7, 'no event that matches has a tag like "nobody:…"']);
    expect((await get("/api/v1/events/aggregate?tag=none&groupBy=backend")).json).toEqual({ groups: [] });
    expect((await get(`${asked}&groupBy=tag:gateways`)).json).toEqual({
      groups: [{ key: "gateways:sava/9050", count: 7, value: 7 }],
    });
  });

  test.each<[string, string, string]>([
    ['{"aggregator":"sum"}', "/aggregator", 'must be an object like {"type":"sum","field":"value"}, not "sum"'],
    ['{"aggregator":{"field":"a"}}', "/aggregator/type", "is missing: one of average, "],
    ['{"aggregator":{"type":"sum","op":1}}', "/aggregator/op", "an aggregator has type, field, "],
    ['{"aggregator":{"type":"percentiles","percents":["p99"]}}', "/aggregator/percents/0", 'from 0 to 100, not "p99"'],
    ['{"aggregator":{"type":"percentiles","percents":[101]}}', "/aggregator/percents/0", "from 0 to 100, not 101"],
    [
      '{"aggregator":{"type":"percentiles","percents":99}}',
      "/aggregator/percents",
      "a list of 1 to 20 numbers, not 99",
    ],
    ['{"aggregator":{"type":"count"},"size":0}', "/size", "must be a whole number from 1 to 1000, not 0"],
    ['{"timestamp":{"from":"now-1h"}}', "/timestamp/from", "a time has gte, gt, lte and lt"],
    ['{"type":"haproxy","value":{"ST":{"from":500}}}', "/value/ST/from", "a range has gte, gt, lte and lt"],
    ['{"type":"haproxy","value":{"ST":[]}}', "/value/ST", "must hold 1 to 1000 values"],
    ['{"type":"haproxy","value":503}', "/value", "must be an object of fields and their conditions, not 503"],
  ])("says of %s what it must be", async (body, pointer, detail) => {
    const { status, json } = await get("/api/v1/events/aggregate", body);

    expect(status).toBe(400);
    expect(json.errors).toContainEqual({ pointer, detail: expect.stringContaining(detail) });
  });

  test("refuses a rate over a time that has no beginning, unless only intervals have rates", async () => {
    const rate = { tags: "metrics:rate", aggregator: { type: "rate" } };

    expect((await post("/api/v1/events/aggregate", rate)).status).toBe(400);
    expect((await post("/api/v1/events/aggregate", { ...rate, groupBy: "type", interval: "1d" })).status).toBe(400);
    expect((await post("/api/v1/events/aggregate", { ...rate, interval: "1d" })).json.series).toHaveLength(7);
  });

  test("groups, and makes series", async () => {
    const reply = await post("/api/v1/events/aggregate", {
      tags: "metrics:rate",
      aggregator: { type: "sum" },
      groupBy: "tag:gateways",
      interval: "1d",
      timestamp: { lt: "2020-01-03" },
    });

    expect(reply.json).toEqual({
      groups: [
        {
          key: "gateways:sava/9050",
          count: 2,
          value: 1,
          series: [
            { at: "2020-01-01T00:00:00.000Z", count: 1, value: 0 },
            { at: "2020-01-02T00:00:00.000Z", count: 1, value: 1 },
          ],
        },
      ],
    });
  });

  test("shows the newest number of a view, bare, if it is not too old", async () => {
    await create(
      { tags: ["gateways:sava/9050", "gateway", "health"], type: "health", value: 1 },
      { tags: ["gateways:sava/9050", "gateway", "health"], type: "health", value: "no number" },
      { tags: ["gateways:sava/9050", "gateway", "metrics:responseTime"], type: "metrics", value: 12.5 },
    );

    const health = await get("/api/v1/health/gateways/sava%2F9050");
    expect(health.status).toBe(200);
    expect(health.text).toBe("1");
    expect((await get("/api/v1/metrics/gateways/sava%2F9050/responseTime")).text).toBe("12.5");
    expect((await get("/api/v1/metrics/gateways/sava%2F9050/rate")).status).toBe(404);
    expect((await get("/api/v1/health/deployments/none")).status).toBe(404);
  });

  test("has no view on the way to one, behind one, or for another method", async () => {
    for (const path of [
      "/health/gateways",
      "/health/gateways/a/b",
      "/metrics/gateways/a/routes/b/c/d",
      "/health/a/b/",
    ]) {
      const reply = await get(`/api/v1${path}`);
      expect([path, reply.status, reply.json.type]).toEqual([path, 404, "urn:pulse:problem:not-found"]);
      expect(reply.json.detail).toContain("there is no path");
    }
    const refused = await open.call({ method: "POST", path: "/api/v1/health/gateways/a", body: "{}" });
    expect([refused.status, refused.headers.allow]).toEqual([405, "GET, OPTIONS"]);
  });

  test("lists the types that have events", async () => {
    const reply = await get("/api/v1/event-types");

    expect(reply.json).toContainEqual({
      name: "deploy",
      count: 1,
      newest: "2021-01-01T00:00:00.000Z",
      retentionDays: 396,
      period: "month",
      index: "embedded",
    });
    expect(reply.json.map(({ name }: { name: string }) => name)).toContain("haproxy");
  });

  test("waits for a receipt's write, and refuses what is no receipt", async () => {
    const created = await post("/api/v1/events", { tags: ["awaited"] });
    const receipt = created.headers["pulse-receipt"];

    expect((await get(`/api/v1/events?tag=awaited&after=${receipt}`)).json).toHaveLength(1);
    expect((await get("/api/v1/events?after=nonsense")).status).toBe(400);
  });

  test("names the page that fits when an answer would be too large", async () => {
    const value = "x".repeat(200_000);
    await create(...Array.from({ length: 15 }, () => ({ tags: ["large"], value })));
    await create(...Array.from({ length: 15 }, () => ({ tags: ["large"], value })));

    const reply = await get("/api/v1/events?tag=large");

    expect(reply.status).toBe(413);
    const perPage = /per_page=(\d+) fits/.exec(reply.json.detail)?.[1];
    expect((await get(`/api/v1/events?tag=large&per_page=${perPage}`)).status).toBe(200);
  });

  test("describes itself", async () => {
    const description = (await get("/api/v1/openapi.json")).json;

    const inTeam = (await get("/team-a/api/v1/openapi.json")).json;
    expect(description.openapi).toBe("3.1.0");
    expect(description.servers[0]).toEqual({ url: `${transport.prefix}/api/v1` });
    expect(inTeam.servers).toEqual(description.servers);
    expect(Object.keys(description.paths)).toContain("/events/{id}");
    expect((await get("/api/v1/info")).json).toMatchObject({ engines: { store: "embedded", journal: "local" } });
  });

  test("answers 404 and 405 as problems, with what is allowed", async () => {
    const missing = await get("/api/v1/nothing");
    const method = await open.call({ method: "DELETE", path: "/api/v1/events" });

    expect(missing.status).toBe(404);
    expect(missing.headers["content-type"]).toBe("application/problem+json");
    expect(method.status).toBe(405);
    expect(method.headers.allow).toBe("POST, GET, OPTIONS");
    expect((await get("/")).status).toBe(404);
    expect((await get("/api/v1/nothing/at/all")).json.detail).toContain("GET /api/v1/openapi.json lists");
    expect((await get("/api/v1/artifacts/breeds/sava/9050")).json.detail).toContain("%2F");
  });

  test.each([
    ["/api/v1/event", 'there is no path "/event": "/events" is meant?'],
    ["/api/v1/breed/sava", 'there is no path "/breed/sava": "/breeds/sava" is meant?'],
    ["/api/v1/health/gateway/sava", 'there is no path "/health/gateway/sava": "/health/gateways/sava" is meant?'],
    ["/api/v1/event/steam", 'there is no path "/event/steam": "/events/steam" is meant?'],
    ["/api/v1/triggers/one", 'there is no path "/triggers/one": see /artifacts/triggers/one'],
    ["/api/v1/trigger", 'there is no path "/trigger": GET /api/v1/openapi.json lists those that there are'],
    ["/events", 'there is no path "/events": "/api/v1/events" is meant?'],
    ["/breeds/sava", 'there is no path "/breeds/sava": "/api/v1/breeds/sava" is meant?'],
    ["/api/v1", 'there is no path "/": GET /api/v1/openapi.json lists those that there are'],
    ["/api/v1/artifacts", expect.stringMatching(/by kind: \/artifacts\/deployments, .*\/artifacts\/triggers$/)],
    [
      "/api/v1/artifacts/breed",
      expect.stringMatching(/^there is no kind of artifact "breed": "breeds" is meant\? There/),
    ],
    ["/team/api/v1/event", 'there is no namespace "team"'],
  ])("answers %s with 404 and what may be meant", async (path, detail) => {
    const accept = path === "/api/v1/event" ? { accept: "text/html" } : {};

    const reply = await open.call({ path, headers: accept });

    expect(reply.status).toBe(404);
    expect(reply.headers["content-type"]).toBe("application/problem+json");
    expect(reply.json.detail).toEqual(detail);
  });

  test("answers a path that is none alike, whatever is to be done there", async () => {
    for (const method of ["PUT", "DELETE", "POST"]) {
      const reply = await open.call({ method, path: "/api/v1/event/one", headers: JSON_TYPE, body: "{}" });

      expect(reply).toMatchObject({
        status: 404,
        json: { detail: 'there is no path "/event/one": "/events/one" is meant?' },
      });
    }
  });
});
