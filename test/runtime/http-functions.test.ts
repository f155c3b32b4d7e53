import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type DeployedPulse, deployPulse } from "#test/runtime/deployed-pulse.ts";
import { openLambda } from "#test/support/aws/lambda-function.ts";
import { invoked } from "#test/support/http/transports.ts";
import { describeOpenSearch } from "#test/support/opensearch/opensearch.ts";

const JSON_BODY = { "content-type": "application/json" };

describeOpenSearch("the built functions behind API Gateway", (openSearch) => {
  let pulse: DeployedPulse;

  beforeAll(async () => {
    pulse = await deployPulse({ openSearch: openSearch() });
    pulse.startIndexing();
  }, 60_000);
  afterAll(() => pulse.close());

  const post = (body: string, headers: Readonly<Record<string, string>> = JSON_BODY) =>
    pulse.call({ method: "POST", path: "/events", headers, body });

  test("answer an event that is durable, and find it once it is indexed, its value byte for byte", async () => {
    const value = '{"z":1e400,"a":[12345678901234567890123,-0.0]}';
    const created = await post(`{"type":"health","tags":["gateways:shop"],"value":${value}}`);
    const receipt = created.headers["pulse-receipt"] as string;

    const [found] = await pulse.read("gateways:shop", receipt);
    const byId = await pulse.call({ path: `/events/${created.json.id}` });

    expect(created.status).toBe(201);
    // API Gateway puts its stage before each path.
    expect(created.headers.location).toBe(`/prod/${pulse.namespace}/api/v1/events/${created.json.id}`);
    expect(created.text).toContain(`"value":${value}`);
    expect(found?.id).toBe(created.json.id);
    expect(byId.text).toBe(created.text);
    expect((await pulse.kinesis.read()).map(({ event }) => event.id)).toContain(created.json.id);
  });

  test("count, average and describe", async () => {
    await pulse.create({ type: "metrics", tags: ["load"], value: 1 });
    const { receipt } = await pulse.create({ type: "metrics", tags: ["load"], value: 4 });
    await pulse.read("load", receipt);

    const average = await pulse.call({ path: "/events/aggregate?tag=load&aggregator=average" });
    const info = await pulse.call({ path: "/info" });
    const description = await pulse.call({ path: "/openapi.json" });

    expect(average.json).toEqual({ value: 2.5 });
    expect(info.json).toMatchObject({ engines: { store: "opensearch", journal: "kinesis" } });
    expect(description.json.openapi).toMatch(/^3\./);
  });

  test("remember an idempotency key across cold starts", async () => {
    const event = { tags: ["once"], value: "first" };
    const first = await pulse.create(event, { "Idempotency-Key": "one" });
    await pulse.createEvents.kill();

    const again = await pulse.create(event, { "Idempotency-Key": "one" });
    const other = await post('{"tags":["once"],"value":"other"}', { ...JSON_BODY, "Idempotency-Key": "one" });

    expect(again.id).toBe(first.id);
    expect(other.status).toBe(422);
    expect(await pulse.read("once", again.receipt)).toHaveLength(1);
  });

  test("start once, and then stay warm", async () => {
    await pulse.create({ tags: ["warm"] });
    const { length: coldStarts } = pulse.createEvents.coldStartsMs;

    for (let n = 0; n < 5; n++) await pulse.create({ tags: ["warm"], value: n });

    expect(pulse.createEvents.coldStartsMs).toHaveLength(coldStarts);
  });

  describe("answer a problem document", () => {
    test.each([
      ["a body that is no JSON", "/events", "{", 400],
      ["an event without tags", "/events", '{"value":1}', 400],
      ["a path that no route has", "/nothing", undefined, 404],
      ["an event that is not there", "/events/00000000-0000-7000-8000-000000000000", undefined, 404],
      ["a query that is none", "/events?gte=yesterday", undefined, 400],
      ["an aggregator that is none", "/events/aggregate?aggregator=guess", undefined, 400],
    ])("for %s", async (_, path, body, status) => {
      const reply = await pulse.call(
        body === undefined ? { path } : { method: "POST", path, headers: JSON_BODY, body },
      );

      expect(reply.status).toBe(status);
      expect(reply.headers["content-type"]).toBe("application/problem+json");
      expect(reply.json).toMatchObject({ status, type: expect.stringMatching(/^urn:pulse:problem:/) });
    });

    test("naming every fault of an event", async () => {
      const { json } = await post('{"type":"a b","tags":[""],"timestamp":"soon","colour":"red"}');

      expect(json.errors.map(({ pointer }: { pointer: string }) => pointer).sort()).toEqual([
        "/colour",
        "/tags/0",
        "/timestamp",
        "/type",
      ]);
    });

    test("that says which methods a path has", async () => {
      const reply = await pulse.call({ method: "DELETE", path: "/events" });

      expect(reply.status).toBe(405);
      expect(reply.headers.allow).toContain("POST");
    });
  });
});

describe("a built function whose OpenSearch refuses it", () => {
  test("signs what it asks with the rights of its role, and answers 503 without saying whom it asked", async () => {
    const seen: IncomingHttpHeaders[] = [];
    const server = createServer(({ headers }, response) => {
      seen.push(headers);
      response.writeHead(403, JSON_BODY).end('{"error":{"type":"security_exception","reason":"no permissions"}}');
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const describeApi = openLambda({ name: "describe-api", environment: { PULSE_OPENSEARCH_URL: url } });
    const gateway = await invoked.open({ "describe-api": describeApi.invoke } as never);

    const reply = await gateway.call({ path: "/api/v1/info" });

    await describeApi.kill();
    server.close();
    expect(seen[0]).toMatchObject({
      authorization: expect.stringMatching(/^AWS4-HMAC-SHA256 Credential=test\/\d{8}\/eu-central-1\/es\/aws4_request/),
      "x-amz-security-token": "test",
    });
    expect(reply.status).toBe(503);
    expect(reply.headers["retry-after"]).toBe("1");
    expect(reply.text).not.toContain("127.0.0.1");
  });
});
