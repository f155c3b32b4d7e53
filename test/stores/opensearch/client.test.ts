import { createHash, createHmac } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { type OpenSearchSettings, openClient, request } from "#stores/opensearch/client.ts";

const CREDENTIALS = {
  AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
  AWS_SECRET_ACCESS_KEY: "wJalrXUtnFEMI/K7MDENG",
  AWS_SESSION_TOKEN: "the/session+token==",
};
const REGION = "eu-central-1";

interface Received {
  readonly request: IncomingMessage;
  readonly body: Buffer;
}

const closing: (() => Promise<unknown>)[] = [];
const environment = { ...process.env };
beforeEach(() => {
  Object.assign(process.env, CREDENTIALS);
});
afterEach(async () => {
  process.env = { ...environment };
  for (const close of closing.splice(0)) await close();
});

/** A client, and what arrives of its requests, each answered alike. */
async function aClient(settings: { auth: "none" } | { auth: "sigv4"; region: string }, status = 200, answer = {}) {
  const received: Received[] = [];
  const server = createServer(async (incoming, response) => {
    received.push({ request: incoming, body: await buffer(incoming) });
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(answer));
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = await openClient({ url, ...settings } as OpenSearchSettings);
  closing.push(
    () => client.close(),
    () => new Promise((closed) => server.close(closed)),
  );
  return { client, received };
}

const hmac = (key: string | Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest();
const sha256 = (data: string | Buffer): string => createHash("sha256").update(data).digest("hex");
const encoded = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);

/** The signature that AWS computes of what it received (Signature Version 4, "create a signed request"). */
function expectedSignature({ request: { method, url = "", headers }, body }: Received): string {
  const [path = "", query = ""] = url.split("?");
  const [, scope = "", signedHeaders = ""] =
    /Credential=[^/]+\/([^,]+), SignedHeaders=([^,]+)/.exec(headers.authorization ?? "") ?? [];
  const canonical = [
    method,
    path.split("/").map(encoded).join("/"),
    query.split("&").sort().join("&"),
    ...signedHeaders.split(";").map((name) => `${name}:${headers[name]}`),
    "",
    signedHeaders,
    sha256(body),
  ].join("\n");
  const toSign = ["AWS4-HMAC-SHA256", headers["x-amz-date"], scope, sha256(canonical)].join("\n");
  const key = scope.split("/").reduce<string | Buffer>(hmac, `AWS4${CREDENTIALS.AWS_SECRET_ACCESS_KEY}`);
  return hmac(key, toSign).toString("hex");
}

describe("the client", () => {
  test.each([
    ["a search of patterns", { path: "/pulse.*.default.*,-pulse.haproxy.default.*/_search", body: { size: 1 } }],
    ["a search of shared indices", { path: "/pulse.a-b_c.x.*,pulse.~shared.x.*/_search", body: { query: "ü" } }],
    ["a bulk", { path: "/_bulk", ndjson: Buffer.from('{"create":{}}\n{"tags":["é"]}\n') }],
    ["a document of an encoded id", { path: "/pulse_checkpoints/_doc/events%2FshardId-000" }],
  ])("signs %s for the region, with the environment's credentials", async (_, wanted) => {
    const { client, received } = await aClient({ auth: "sigv4", region: REGION });

    await request(client, { method: "POST", query: { filter_path: "items.*.status,took", ignore: true }, ...wanted });

    const [only] = received as [Received];
    const { authorization = "", "x-amz-security-token": token } = only.request.headers;
    expect(authorization).toContain(`AWS4-HMAC-SHA256 Credential=${CREDENTIALS.AWS_ACCESS_KEY_ID}/`);
    expect(authorization).toContain(`/${REGION}/es/aws4_request`);
    expect(token).toBe(CREDENTIALS.AWS_SESSION_TOKEN);
    expect(authorization).toContain(`Signature=${expectedSignature(only)}`);
  });

  test("says which credentials it misses", async () => {
    const { client } = await aClient({ auth: "sigv4", region: REGION });
    delete process.env.AWS_SECRET_ACCESS_KEY;

    await expect(request(client, { method: "GET", path: "/" })).rejects.toThrow("AWS_SECRET_ACCESS_KEY");
  });

  test("signs nothing where it needs not", async () => {
    const { client, received } = await aClient({ auth: "none" });

    await request(client, { method: "GET", path: "/" });

    expect(received[0]?.request.headers).not.toHaveProperty("authorization");
  });
});

describe("a failure that callers are told of", () => {
  const anyRequest = { method: "GET", path: "/" } as const;

  test("names its kind, and no account, role or host: those stay with the cause, for the log", async () => {
    const reason =
      "no permissions for [indices:data/read/search] and User [name=arn:aws:iam::123456789012:role/Reader]";
    const { client } = await aClient({ auth: "none" }, 403, { error: { type: "security_exception", reason } });

    const failure = await request(client, anyRequest).catch((error) => error);

    expect(failure).toMatchObject({ kind: "unavailable", message: "OpenSearch answered 403 (security_exception)" });
    expect(String(failure.cause)).toContain(reason);
  });

  test("does not say where OpenSearch is sought", async () => {
    const client = await openClient({ url: "http://127.0.0.1:1", auth: "none" });
    closing.push(() => client.close());

    const failure = await request(client, anyRequest).catch((error) => error);

    expect(failure).toMatchObject({ kind: "unavailable", message: "OpenSearch cannot be reached (ConnectionError)" });
    expect(String(failure.cause)).toContain("127.0.0.1:1");
  });
});
