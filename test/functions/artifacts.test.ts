import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { archiveEventId } from "#core/artifacts/archive-event.ts";
import { type Reply, transports } from "#test/support/http/transports.ts";
import { type MemoryPulse, openMemoryPulse } from "#test/support/memory/memory-pulse.ts";

const JSON_TYPE = "application/json";
const YAML_TYPE = "application/x-yaml";

let named = 0;
/** A path that no other test uses, under the base path. */
const aPath = (kind = "breeds"): string => `/artifacts/${kind}/a-${named++}`;

describe.each(transports)("artifacts $name", (transport) => {
  let pulse: MemoryPulse;
  let open: Awaited<ReturnType<typeof transport.open>>;

  beforeAll(async () => {
    pulse = openMemoryPulse({ namespaces: ["team-a"] });
    open = await transport.open(pulse.handlers);
  });
  afterAll(async () => {
    await open.close();
    await pulse.close();
  });

  type Headers = Readonly<Record<string, string>>;
  const get = (path: string, headers: Headers = {}): Promise<Reply> => open.call({ path: `/api/v1${path}`, headers });
  const remove = (path: string, headers: Headers = {}): Promise<Reply> =>
    open.call({ method: "DELETE", path: `/api/v1${path}`, headers });
  const put = (path: string, body: string | Buffer, type = JSON_TYPE, headers: Headers = {}): Promise<Reply> =>
    open.call({ method: "PUT", path: `/api/v1${path}`, body, headers: { "content-type": type, ...headers } });
  const archived = async (tag: string): Promise<{ tags: string[]; value?: string; id: string }[]> =>
    (await get(`/events?type=archive&tag=${encodeURIComponent(tag)}`)).json;

  test("are created, replaced and deleted, each change an archive event with the source as it was sent", async () => {
    const path = "/artifacts/breeds/sava%2F9050";
    const yaml = "# ours\nname: sava/9050\nports: {web: 9050}\n";
    const json = '{ "name": "sava/9050", "big": 12345678901234567890 }';

    const replies = [await put(path, yaml, YAML_TYPE), await put(path, json), await remove(path), await get(path)];

    expect(replies.map(({ status }) => status)).toEqual([201, 200, 204, 404]);
    expect(replies[0]?.headers).toMatchObject({ etag: '"1"', location: `${transport.prefix}/api/v1${path}` });
    expect(replies[0]?.json).toMatchObject({ kind: "breeds", name: "sava/9050", version: 1, format: "yaml" });
    expect(replies[1]?.headers).toMatchObject({ etag: '"2"', "last-modified": expect.stringMatching(/ GMT$/) });
    const events = await archived("breeds:sava/9050");
    const common = ["breeds", "breeds:sava/9050", "archive"];
    expect(events).toMatchObject([
      { tags: [...common, "archive:delete", "archiving", "archiving:delete"] },
      { tags: [...common, "archive:update", "archiving", "archiving:update"], value: json },
      { tags: [...common, "archive:create", "archiving", "archiving:create"], value: yaml },
    ]);
    expect(events[0]).not.toHaveProperty("value");
  });

  test("have their archive event though somebody sent a log line under the id that it was going to have", async () => {
    const [key, path] = [
      { namespace: "default", kind: "breeds", name: "foretold" } as const,
      "/artifacts/breeds/foretold",
    ];
    const line = { id: archiveEventId(key, 1), at: new Date().toISOString(), source: "edge-1", zone: "UTC", line: "x" };
    const sent = await open.call({
      ...{ method: "POST", path: "/api/v1/haproxy/logs", body: `${JSON.stringify(line)}\n` },
      headers: { "content-type": "application/x-ndjson" },
    });
    await get(`/events?type=haproxy&after=${sent.headers["pulse-receipt"]}`);

    await put(path, "{}");

    expect(await archived("breeds:foretold")).toMatchObject([{ id: line.id, value: "{}" }]);
  });

  test("come back byte for byte, in the media type that they were sent in", async () => {
    const path = aPath();
    const source = "\ufeff# Größe 🐘\r\nname: >-\r\n  {{ }}\r\n".replace("{{ }}", path.split("/").at(-1) as string);
    await put(path, Buffer.from(source), "text/yaml; charset=utf-8");

    const reply = await get(path);

    expect(reply.text).toBe(source);
    expect(reply.headers).toMatchObject({ "content-type": "application/yaml", etag: '"1"', vary: "Accept" });
  });

  test("are told in JSON to who reads nothing else, and not at all to who reads neither", async () => {
    const path = aPath();
    await put(path, "a: [1, x]\n", YAML_TYPE);

    const asJson = await get(path, { accept: "application/json" });

    expect(asJson.json).toEqual({ a: [1, "x"] });
    expect(asJson.headers).not.toHaveProperty("etag");
    expect((await get(path, { accept: "text/yaml" })).text).toBe("a: [1, x]\n");
    expect((await get(path, { accept: "text/html" })).status).toBe(406);
  });

  test("of the same source are left alone: 200, no version, no event", async () => {
    const path = aPath();
    const first = await put(path, '{"a":1}');

    const again = await put(path, '{"a":1}');
    const retried = await put(path, '{"a":1}', JSON_TYPE, { "if-match": '"7"' });

    expect([first.status, again.status, retried.status]).toEqual([201, 200, 200]);
    expect(again.headers.etag).toBe('"1"');
    expect(retried.headers.etag).toBe('"1"');
    expect(await archived(`breeds:${path.split("/").at(-1)}`)).toHaveLength(1);
  });

  test("change only while the condition holds, and say which version there is", async () => {
    const path = aPath();
    expect((await put(path, '{"a":1}', JSON_TYPE, { "if-match": "*" })).status).toBe(412);
    expect((await put(path, '{"a":1}', JSON_TYPE, { "if-none-match": "*" })).status).toBe(201);

    const late = await put(path, '{"a":2}', JSON_TYPE, { "if-match": '"4", "9"' });

    expect(late.status).toBe(412);
    expect(late.json).toMatchObject({ type: "urn:pulse:problem:precondition-failed" });
    expect(late.json.detail).toContain("has version 1 now");
    expect((await put(path, '{"a":1}', JSON_TYPE, { "if-none-match": "*" })).status).toBe(412);
    expect((await put(path, '{"a":2}', JSON_TYPE, { "if-none-match": '"1"' })).status).toBe(412);
    expect((await put(path, '{"a":2}', JSON_TYPE, { "if-match": 'W/"1"' })).status).toBe(412);
    expect((await put(path, '{"a":2}', JSON_TYPE, { "if-match": '"1"' })).status).toBe(200);
    expect((await remove(path, { "if-match": '"1"' })).status).toBe(412);
    expect((await remove(path, { "if-match": '"2"' })).status).toBe(204);
    expect((await remove(path, { "if-match": '"2"' })).status).toBe(404);
    expect((await put(path, '{"a":2}', JSON_TYPE, { "if-match": "3" })).json.errors).toEqual([
      { pointer: "if-match", detail: 'must be * or versions in quotation marks, "3", not 3' },
    ]);
  });

  test("that have not changed are not sent again", async () => {
    const path = aPath();
    await put(path, '{"a":1}');

    const same = await get(path, { "if-none-match": 'W/"1"' });

    expect(same).toMatchObject({ status: 304, text: "", headers: expect.objectContaining({ etag: '"1"' }) });
    expect((await get(path, { "if-none-match": '"2"' })).status).toBe(200);
    expect((await get(path, { "if-match": '"2"' })).status).toBe(412);
  });

  test("go on with their versions after they were deleted", async () => {
    const path = aPath();
    await put(path, '{"a":1}');
    await remove(path);

    const created = await put(path, '{"a":1}');

    expect(created.status).toBe(201);
    expect(created.headers.etag).toBe('"3"');
  });

  test("are listed by name, page by page", async () => {
    const names = ["b", "a/1", "ä", "🐘", "￿", "c d"];
    for (const name of names) await put(`/artifacts/conditions/${encodeURIComponent(name)}`, JSON.stringify({ name }));
    await put("/artifacts/conditions/gone", "{}");
    await remove("/artifacts/conditions/gone");

    const first = await get("/artifacts/conditions?per_page=4");
    const second = await get("/artifacts/conditions?per_page=4&page=2&source=true");

    expect([...first.json, ...second.json].map(({ name }: { name: string }) => name)).toEqual([
      "a/1",
      "b",
      "c d",
      "ä",
      "￿",
      "🐘",
    ]);
    expect(first.headers["x-total-count"]).toBe("6");
    expect(first.headers.link).toMatch(/per_page=4&page=2>; rel=next|page=2&per_page=4>; rel=next/);
    expect(first.json[0]).toEqual({
      kind: "conditions",
      name: "a/1",
      version: 1,
      changedAt: expect.any(String),
      format: "json",
    });
    expect(second.json[1]).toMatchObject({ source: '{"name":"🐘"}' });
    expect((await get("/artifacts/conditions?page=9")).json).toEqual([]);
  });

  test("have Vamp's own paths, where lists and answers are the artifacts themselves", async () => {
    const created = await put("/escalations/one", "name: one\nvalue: 1\n", YAML_TYPE);
    await put("/escalations/two/", '{"name":"two", "value": 12345678901234567890}');

    const list = await get("/escalations/?page=1", { accept: JSON_TYPE, "content-type": JSON_TYPE });

    expect(created).toMatchObject({ status: 201, text: '{"name":"one","value":1}' });
    expect(list.text).toBe('[{"name":"one","value":1},{"name":"two","value":12345678901234567890}]');
    expect((await get("/escalations?page=2")).json).toEqual([]);
    expect((await get("/escalations/one")).text).toBe("name: one\nvalue: 1\n");
    expect((await get("/artifacts/escalations/one")).status).toBe(200);
    expect((await remove("/escalations/one")).status).toBe(204);
    expect((await get("/triggers/one")).status).toBe(404);
    expect((await put("/event-types/one", "{}")).status).toBe(404);
  });

  test("belong to their namespace", async () => {
    const path = aPath();
    await open.call({
      method: "PUT",
      path: `/team-a/api/v1${path}`,
      body: "{}",
      headers: { "content-type": JSON_TYPE },
    });

    expect((await open.call({ path: `/team-a/api/v1${path}` })).status).toBe(200);
    expect((await get(path)).status).toBe(404);
    expect((await open.call({ path: `/team-b/api/v1${path}` })).status).toBe(404);
  });

  test("are told as they were, by their archive events alone", async () => {
    const path = aPath("deployments");
    const name = path.split("/").at(-1) as string;
    await put(path, "v: 1\n", YAML_TYPE);
    await put(path, '{"v":2}');
    await remove(path);
    // What anybody posts is no version.
    const posted = { type: "archive", tags: [`deployments:${name}`, "archive:update"], value: '{"v":"forged"}' };
    await open.call({
      method: "POST",
      path: "/api/v1/events",
      body: JSON.stringify(posted),
      headers: { "content-type": JSON_TYPE },
    });

    const history = await get(`${path}/history`);
    const [deleted, updated, created] = history.json;
    const at = (timestamp: string) => get(`${path}?at=${encodeURIComponent(timestamp)}`);

    expect(history.json).toMatchObject([
      { version: 3, change: "delete" },
      { version: 2, change: "update" },
      { version: 1, change: "create", eventId: expect.stringMatching(/00000001$/) },
    ]);
    expect(await at(created.timestamp)).toMatchObject({
      status: 200,
      text: "v: 1\n",
      headers: expect.objectContaining({ etag: '"1"', "content-type": "application/yaml" }),
    });
    expect(await at(updated.timestamp)).toMatchObject({ status: 200, text: '{"v":2}' });
    expect((await at(deleted.timestamp)).json.detail).toContain("it was deleted at");
    expect((await at("now")).status).toBe(404);
    expect((await at("2020-01")).json.detail).toContain("as far as its archive events tell");
    expect((await at("yesterday")).json.errors).toMatchObject([{ pointer: "at" }]);
    expect((await get(`${path}/history?per_page=1&page=3`)).json).toMatchObject([{}]);
    expect((await get(`${aPath()}/history`)).status).toBe(404);
  });

  describe("refuse", () => {
    test.each([
      ["..", 400],
      ["%2e%2E", 400],
      [".", 400],
      ["%00", 400],
      ["a%0Ab", 400],
      ["%C2%85", 400],
      ["%ff", 400],
      ["%", 400],
      ["%ED%A0%80", 400],
      ["x".repeat(201), 400],
      ["x".repeat(7_000), 400],
      ["x".repeat(200), 201],
      ["%2F", 201],
      ["_all", 201],
      ["*", 201],
      ["..%2F..", 201],
      ["%F0%9F%90%98", 201],
    ])("the name %s as bad as it is (%i)", async (name, status) => {
      const reply = await put(`/artifacts/slas/${name}`, "{}");

      expect(reply.status).toBe(status);
      if (status === 400) expect(reply.json.errors).toMatchObject([{ pointer: "name" }]);
      else expect((await get("/artifacts/slas?per_page=1000")).json).toContainEqual(reply.json);
    });

    test("an empty name: the path is that of the kind", async () => {
      const reply = await put("/artifacts/slas/", "{}");

      expect(reply.status).toBe(405);
      expect(reply.headers.allow).toBe("GET, OPTIONS");
    });

    test.each(["nonsense", "Breeds", "_all", "*", "..", "constructor", "x".repeat(5_000)])(
      "the kind %s",
      async (kind) => {
        const reply = await put(`/artifacts/${kind}/a`, "{}");

        expect(reply.status).toBe(404);
        expect(reply.json.detail.length).toBeLessThan(500);
        expect((await get(`/artifacts/${kind}`)).status).toBe(404);
        expect((await get(`/${kind}/a`)).status).toBe(404);
      },
    );

    test.each([
      ["text/plain", "{}"],
      ["application/x-www-form-urlencoded", "a=1"],
      ["application/xml", "<a/>"],
    ])("a body of %s", async (type, body) => {
      expect((await put(aPath(), body, type)).status).toBe(415);
    });

    test.each([
      ["no JSON", JSON_TYPE, "{a: 1}"],
      ["JSON of one string", JSON_TYPE, '"a"'],
      ["JSON null", JSON_TYPE, "null"],
      ["nothing", JSON_TYPE, ""],
      ["no YAML", YAML_TYPE, "a: 'b"],
      ["YAML of one word", YAML_TYPE, "a"],
      ["nothing as YAML", YAML_TYPE, ""],
      ["two documents", YAML_TYPE, "a: 1\n---\nb: 2\n"],
      ["a tag", YAML_TYPE, "a: !!js/function 'process.exit()'"],
      ["aliases", YAML_TYPE, "a: &a [x, x]\nb: [*a, *a]\n"],
      ["a key twice", YAML_TYPE, "a: 1\nb: {c: 1, c: 2}\n"],
      ["broken UTF-8", YAML_TYPE, Buffer.from([0x61, 0x3a, 0x20, 0xff])],
      ["broken UTF-8 as JSON", JSON_TYPE, Buffer.from([0x7b, 0x22, 0xc3, 0x22, 0x3a, 0x31, 0x7d])],
      ["another name", JSON_TYPE, '{"name":"another"}'],
      ["a name that is a number", YAML_TYPE, "name: 5\n"],
    ])("%s", async (_, type, body) => {
      const path = aPath();

      const reply = await put(path, body, type);

      expect(reply.status).toBe(400);
      expect(reply.json.errors.length).toBeGreaterThan(0);
      expect((await get(path)).status).toBe(404);
    });

    test.each([
      ["a megabyte of YAML", YAML_TYPE, `a: ${"x".repeat(1_000_000)}\n`, 413],
      ["more than the archive can tell", JSON_TYPE, JSON.stringify({ a: '"'.repeat(70_000) }), 413],
      ["over four megabytes", JSON_TYPE, JSON.stringify({ a: "x".repeat(5_000_000) }), 413],
      ["just enough", JSON_TYPE, JSON.stringify({ a: "x".repeat(255_000) }), 201],
    ])("%s or not", async (_, type, body, status) => {
      const reply = await put(aPath(), body, type);

      expect(reply.status).toBe(status);
    });

    test("lists whose answer would be too large, and say what fits", async () => {
      for (let index = 0; index < 24; index++)
        await put(`/artifacts/workflows/large-${index}`, JSON.stringify({ a: "x".repeat(240_000) }));

      const reply = await get("/workflows");

      expect(reply.status).toBe(413);
      const [, fitting] = /per_page=(\d+) fits/.exec(reply.json.detail) ?? [];
      expect((await get(`/workflows?per_page=${fitting}`)).status).toBe(200);
    });
  });
});
