import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { type ApiKeyGrant, type ApiKeys, issueApiKey } from "#core/access/api-keys.ts";
import { RIGHTS } from "#core/access/principal.ts";
import { systemClock } from "#core/clock.ts";
import { type LocalServer, serveHttp } from "#dev/local-server.ts";
import { admitKnown } from "#functions/shared/auth/admit.ts";
import { authenticator } from "#functions/shared/auth/authenticate.ts";
import { tokenVerifier } from "#functions/shared/auth/token-verifier.ts";
import { connect, type SseClient } from "#test/support/http/sse-client.ts";
import {
  AUDIENCE,
  claimsOf,
  openTokenIssuer,
  signingKey,
  signToken,
  type TokenIssuer,
} from "#test/support/http/token-issuer.ts";
import { memoryApiKeys } from "#test/support/memory/memory-api-keys.ts";
import { type MemoryPulse, openMemoryPulse } from "#test/support/memory/memory-pulse.ts";

const PATH = "/api/v1/events/stream";
const key = signingKey("ES256");

let issuer: TokenIssuer;
let keys: ApiKeys;
let pulse: MemoryPulse;
let server: LocalServer;
const clients: SseClient[] = [];

beforeEach(async () => {
  issuer = await openTokenIssuer(key);
  keys = memoryApiKeys();
  const scopes = { read: "events:read", write: "events:write", declare: "events:declare" };
  const verify = tokenVerifier({ ...issuer, audience: AUDIENCE, scopes, clock: systemClock });
  pulse = openMemoryPulse({ namespaces: ["team-a"], admit: admitKnown(authenticator(verify, keys)) });
  server = await serveHttp(pulse.handlers, 0);
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await server.close();
  await pulse.close();
  await issuer.close();
});

async function stream(authorization: string | undefined, path = PATH): Promise<SseClient> {
  const client = await connect(`${server.url}${path}`, {
    headers: authorization === undefined ? {} : { authorization },
  });
  clients.push(client);
  return client;
}

const bearing = (claims: Parameters<typeof claimsOf>[1] = {}): string =>
  `Bearer ${signToken(key, claimsOf(issuer, claims))}`;

async function owning(grant: Partial<ApiKeyGrant> = {}): Promise<string> {
  const { text, record } = issueApiKey({ name: "dashboard", rights: RIGHTS, ...grant }, 0);
  await keys.add(record);
  return `token ${text}`;
}

describe("a stream", () => {
  test("is for the bearer of a token, and for the owner of an API key", async () => {
    for (const authorization of [bearing(), await owning({ rights: ["read"] })]) {
      const client = await stream(authorization);
      await client.until((frames) => frames.length > 0);

      expect(client.status).toBe(200);
    }
  });

  test("asks who does not say who they are, in a problem document instead of frames", async () => {
    const client = await stream(undefined);

    expect(client.status).toBe(401);
    expect(client.headers["www-authenticate"]).toBe('Bearer realm="pulse"');
    expect(client.headers["content-type"]).toBe("application/problem+json");
    expect(JSON.parse(await client.ended)).toMatchObject({ type: "urn:pulse:problem:unauthenticated", status: 401 });
    expect(client.frames).toEqual([]);
  });

  test("tells nobody why their credentials are not good", async () => {
    const answers = [];
    for (const bad of [bearing({ exp: 1 }), bearing({ aud: "billing" }), "Bearer nonsense", "token pulse_x"]) {
      const client = await stream(bad);
      const { instance: _, ...problem } = JSON.parse(await client.ended);
      answers.push({ problem, challenge: client.headers["www-authenticate"] });
    }

    for (const answer of answers) expect(answer).toEqual(answers[0]);
    expect(answers[0]?.challenge).toBe('Bearer realm="pulse", error="invalid_token"');
  });

  test("does not look for credentials in its address", async () => {
    const [, token] = bearing().split(" ");

    expect((await stream(undefined, `${PATH}?access_token=${token}&authorization=Bearer%20${token}`)).status).toBe(401);
  });

  test.each([
    ["may only write", () => bearing({ scope: "events:write" }), PATH],
    ["may do nothing", () => bearing({ scope: undefined }), PATH],
    ["may read elsewhere", () => owning({ namespaces: ["team-a"] }), PATH],
    ["may read here", () => owning({ namespaces: ["default"] }), `/team-a${PATH}`],
  ])("is not for a caller who %s", async (_, authorization, path) => {
    const client = await stream(await authorization(), path);

    expect(client.status).toBe(403);
    expect(client.headers["www-authenticate"]).toBe('Bearer realm="pulse", error="insufficient_scope"');
    expect(JSON.parse(await client.ended)).toMatchObject({ type: "urn:pulse:problem:forbidden", status: 403 });
  });

  test("tells strangers not even which namespaces there are", async () => {
    expect((await stream(undefined, `/team-a${PATH}`)).status).toBe(401);
    expect((await stream(undefined, `/team-z${PATH}`)).status).toBe(401);
    expect((await stream(bearing(), `/team-z${PATH}`)).status).toBe(404);
  });

  test("is for a caller of one namespace in that namespace", async () => {
    expect((await stream(await owning({ namespaces: ["team-a"] }), `/team-a${PATH}`)).status).toBe(200);
  });

  test("is for nobody while callers cannot be verified", async () => {
    issuer.failKeys((response) => response.writeHead(500).end());

    const client = await stream(bearing());

    expect(client.status).toBe(503);
    expect(client.headers["retry-after"]).toBe("5");
    expect(JSON.parse(await client.ended)).toMatchObject({ type: "urn:pulse:problem:unavailable" });
  });

  test("ends with the token that it was opened with, by its position, and the token opens no other", async () => {
    const token = bearing({ exp: Math.floor(Date.now() / 1000) + 2 });
    const client = await stream(token);

    await client.ended;

    expect(client.status).toBe(200);
    expect(client.frames.length).toBeGreaterThan(1);
    expect(client.frames.at(-1)).toMatchObject({ event: "pulse.position", id: expect.any(String) });
    expect((await stream(token)).status).toBe(401);
  });

  test("is not opened again with a key that was revoked", async () => {
    const authorization = await owning();
    expect((await stream(authorization)).status).toBe(200);

    await keys.revoke(authorization.slice(12, 28));

    expect((await stream(authorization)).status).toBe(401);
  });
});
