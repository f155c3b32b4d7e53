import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import type { APIGatewayRequestAuthorizerEvent, PolicyDocument, Statement } from "aws-lambda";
import * as fc from "fast-check";
import { type ApiKeyGrant, type ApiKeys, issueApiKey } from "#core/access/api-keys.ts";
import { MAX_NAMESPACES, type Principal, RIGHTS } from "#core/access/principal.ts";
import { systemClock } from "#core/clock.ts";
import { PulseError } from "#core/errors.ts";
import { DEFAULT_NAMESPACE } from "#core/namespaces.ts";
import { type AuthorizerHandler, authorizeRequestHandler } from "#functions/authorize-request/authorize-request.ts";
import { policyFor } from "#functions/authorize-request/policy.ts";
import { BASE_PATH, rightFor, routes } from "#functions/routes.ts";
import { authenticator } from "#functions/shared/auth/authenticate.ts";
import { tokenVerifier } from "#functions/shared/auth/token-verifier.ts";
import {
  AUDIENCE,
  claimsOf,
  openTokenIssuer,
  signingKey,
  signToken,
  type TokenIssuer,
} from "#test/support/http/token-issuer.ts";
import { memoryApiKeys } from "#test/support/memory/memory-api-keys.ts";

const STAGE = "arn:aws:execute-api:eu-central-1:123456789012:abcdef1234/prod";
const key = signingKey();

let issuer: TokenIssuer;
let keys: ApiKeys;
let authorize: AuthorizerHandler;

beforeEach(async () => {
  issuer = await openTokenIssuer(key);
  keys = memoryApiKeys();
  const scopes = { read: "events:read", write: "events:write", declare: "events:declare" };
  const verify = tokenVerifier({ ...issuer, audience: AUDIENCE, scopes, clock: systemClock });
  authorize = authorizeRequestHandler(authenticator(verify, keys));
});
afterEach(() => issuer.close());

/** What API Gateway asks with; headers as they were sent. */
const request = (
  headers: Readonly<Record<string, readonly string[]>>,
  call = "GET/api/v1/events",
): APIGatewayRequestAuthorizerEvent =>
  ({
    type: "REQUEST",
    methodArn: `${STAGE}/${call}`,
    multiValueHeaders: headers,
    requestContext: { requestId: "a-request" },
  }) as unknown as APIGatewayRequestAuthorizerEvent;

const asked = (authorization: string, call?: string) => authorize(request({ Authorization: [authorization] }, call));

async function keyOf(grant: Partial<ApiKeyGrant> = {}): Promise<string> {
  const { text, record } = issueApiKey({ name: "ci", rights: RIGHTS, ...grant }, 0);
  await keys.add(record);
  return text;
}

/** Whether a policy lets a request pass, as IAM reads it. */
function allows({ Statement }: PolicyDocument, call: string, atMs = 0): boolean {
  const effects = Statement.filter(
    (statement) =>
      "Resource" in statement &&
      [statement.Resource].flat().some((pattern) => fits(pattern as string, `${STAGE}/${call}`)) &&
      atMs < endOf(statement),
  ).map(({ Effect }) => Effect);
  return effects.includes("Allow") && !effects.includes("Deny");
}

function endOf({ Condition }: Statement): number {
  const end = (Condition as { DateLessThan: { "aws:CurrentTime": string } } | undefined)?.DateLessThan;
  return end === undefined ? Number.POSITIVE_INFINITY : Date.parse(end["aws:CurrentTime"]);
}

const fits = (pattern: string, arn: string): boolean =>
  new RegExp(
    `^${pattern
      .replaceAll(/[.+^${}()|[\]\\]/g, "\\$&")
      .replaceAll("*", ".*")
      .replaceAll("?", ".")}$`,
  ).test(arn);

describe("what functions are told of a caller", () => {
  const rightsTold = async (grant: Partial<ApiKeyGrant>) => (await asked(`token ${await keyOf(grant)}`)).context;

  test("is its rights", async () => {
    expect(await rightsTold({ rights: ["read"] })).toEqual({ rights: "read" });
    expect(await rightsTold({ rights: RIGHTS })).toEqual({ rights: "read write declare" });
    const token = signToken(key, claimsOf(issuer));
    expect((await asked(`Bearer ${token}`)).context).toEqual({ rights: "read write" });
  });

  test("is not the right to declare types, which holds everywhere, where the caller is restricted to namespaces", async () => {
    expect(await rightsTold({ rights: RIGHTS, namespaces: ["default"] })).toEqual({ rights: "read write" });
  });
});

describe("who is let in", () => {
  test("is the bearer of a good access token, however the header is written", async () => {
    const token = signToken(key, claimsOf(issuer));

    for (const authorization of [`Bearer ${token}`, `bearer ${token}`, `BEARER  ${token}`])
      expect((await asked(authorization)).principalId).toBe("token:alice");
    expect((await authorize(request({ authorization: [`Bearer ${token}`] }))).principalId).toBe("token:alice");
  });

  test("is the owner of an API key, as Vamp's clients send it", async () => {
    const text = await keyOf();

    expect((await asked(`token ${text}`)).principalId).toBe(`key:${text.slice(6, 22)}`);
  });

  test("is no longer the owner of a key that was revoked", async () => {
    const text = await keyOf();
    await keys.revoke(text.slice(6, 22));

    await expect(asked(`token ${text}`)).rejects.toThrow(/^Unauthorized$/);
  });

  const refused: readonly (readonly [string, () => string | Promise<string>])[] = [
    ["no text", () => ""],
    ["no scheme", () => signToken(key, claimsOf(issuer))],
    ["a scheme alone", () => "Bearer"],
    ["Vamp's client without a token", () => "token"],
    ["a password", () => `Basic ${Buffer.from("a:b").toString("base64")}`],
    ["a signature of AWS", () => "AWS4-HMAC-SHA256 Credential=AKIA/20260101/eu-central-1/execute-api/aws4_request"],
    ["two tokens", () => `Bearer ${signToken(key, claimsOf(issuer))} ${signToken(key, claimsOf(issuer))}`],
    ["two headers in one", () => `Bearer a, Bearer ${signToken(key, claimsOf(issuer))}`],
    ["an API key as a token", async () => `Bearer ${await keyOf()}`],
    ["a token as an API key", () => `token ${signToken(key, claimsOf(issuer))}`],
    ["a key that was never made", () => `token ${issueApiKey({ name: "ci", rights: RIGHTS }, 0).text}`],
    ["a key's id with another secret", async () => `token ${(await keyOf()).slice(0, 23)}${"A".repeat(43)}`],
    ["a key's id alone", async () => `token ${(await keyOf()).slice(0, 22)}`],
    ["the name of a member of every object", () => "token __proto__"],
    ["100,000 characters", () => `Bearer ${"a".repeat(100_000)}`],
    ["a good token of more", () => `Bearer ${signToken(key, claimsOf(issuer, { filler: "a".repeat(10_000) }))}`],
    ["100,000 spaces", () => `Bearer${" ".repeat(100_000)}`],
    ["a token of another issuer", () => `Bearer ${signToken(key, claimsOf(issuer, { iss: "https://login.example" }))}`],
  ];

  test.each(refused)("is not who sends %s", async (_, authorization) => {
    await expect(asked(await authorization())).rejects.toThrow(/^Unauthorized$/);
  });

  test("is nobody who makes something up, and no text is a bug", async () => {
    const texts = fc.oneof(fc.string({ unit: "binary" }), fc.base64String(), fc.json());
    const parts = fc.array(texts, { minLength: 1, maxLength: 4 }).map((some) => some.join("."));

    await fc.assert(
      fc.asyncProperty(fc.constantFrom("", "Bearer ", "token ", "token pulse_"), parts, async (scheme, text) => {
        await expect(asked(scheme + text)).rejects.toThrow(/^Unauthorized$/);
      }),
      { numRuns: 500 },
    );
  });

  test("is not who sends no header, or two of which API Gateway might look at the other one", async () => {
    const good = `token ${await keyOf()}`;

    for (const headers of [{}, { Authorization: [good, good] }, { Authorization: [good], authorization: ["x"] }])
      await expect(authorize(request(headers))).rejects.toThrow(/^Unauthorized$/);
  });

  test("cannot be said while the issuer's keys or the API keys cannot be read: that is thrown as it is", async () => {
    const failure = new PulseError("unavailable", "DynamoDB cannot be used right now");
    issuer.failKeys((response) => response.writeHead(500).end());
    keys.find = () => Promise.reject(failure);

    await expect(asked(`Bearer ${signToken(key, claimsOf(issuer))}`)).rejects.toMatchObject({ kind: "unavailable" });
    await expect(asked(`token ${issueApiKey({ name: "ci", rights: RIGHTS }, 0).text}`)).rejects.toBe(failure);
  });

  test("cannot be said when there is a bug, which looks like one", async () => {
    keys.find = () => Promise.reject(new TypeError("a bug"));

    await expect(asked(`token ${issueApiKey({ name: "ci", rights: RIGHTS }, 0).text}`)).rejects.toThrow(TypeError);
  });

  test("leaves no credentials in the log, whatever becomes of them", async () => {
    const written: string[] = [];
    const listen = jest
      .spyOn(process.stdout, "write")
      .mockImplementation((text) => Boolean(written.push(String(text))));
    const listenToErrors = jest
      .spyOn(process.stderr, "write")
      .mockImplementation((text) => Boolean(written.push(String(text))));
    issuer.failKeys((response) => response.writeHead(500).end());
    keys.find = () => Promise.reject(new TypeError("a bug"));
    const secrets = [signToken(key, claimsOf(issuer)), issueApiKey({ name: "ci", rights: RIGHTS }, 0).text];

    await asked(`Bearer ${secrets[0]}`).catch(() => {});
    await asked(`token ${secrets[1]}`).catch(() => {});
    await asked("token nonsense").catch(() => {});
    listen.mockRestore();
    listenToErrors.mockRestore();

    expect(written.join("")).toContain("a caller could not be authorized");
    for (const secret of secrets)
      for (const part of secret.split(/[._]/).filter((piece) => piece.length > 15))
        expect(written.join("")).not.toContain(part);
  });
});

describe("the policy of a caller", () => {
  test("is the same whatever was asked for, because it is kept for every request", async () => {
    const authorization = `token ${await keyOf({ rights: ["read"] })}`;

    expect(await asked(authorization, "GET/api/v1/events")).toEqual(
      await asked(authorization, "POST/team-a/api/v1/events/"),
    );
  });

  test("ends with the token", async () => {
    const exp = Math.floor(Date.now() / 1000) + 30;

    const { policyDocument } = await asked(`Bearer ${signToken(key, claimsOf(issuer, { exp }))}`);

    expect(allows(policyDocument, "GET/api/v1/events", exp * 1000 - 1)).toBe(true);
    expect(allows(policyDocument, "GET/api/v1/events", exp * 1000)).toBe(false);
  });

  test("of a token without our scopes allows nothing", async () => {
    const { policyDocument } = await asked(`Bearer ${signToken(key, claimsOf(issuer, { scope: "openid" }))}`);

    expect(policyDocument.Statement).toEqual([
      { Effect: "Deny", Action: "execute-api:Invoke", Resource: `${STAGE}/*` },
    ]);
  });

  const names = [DEFAULT_NAMESPACE, "team-a", "team-b", "api", "events"];
  const principals: fc.Arbitrary<Principal> = fc.record(
    {
      id: fc.constant("key:a"),
      rights: fc.subarray([...RIGHTS]),
      namespaces: fc.subarray(names),
    },
    { requiredKeys: ["id", "rights"] },
  );
  const segments = fc.constantFrom("x", "events", "search", "aggregate", "api", "v1", "artifacts", "logs");
  const callOf = (method: string, namespace: string, path: string): string =>
    `${method}${namespace === DEFAULT_NAMESPACE ? "" : `/${namespace}`}${BASE_PATH}${path}`;

  test("allows every route that its rights and namespaces cover, and no other, under any name in the path", () => {
    fc.assert(
      fc.property(
        principals,
        fc.constantFrom(...routes),
        fc.constantFrom(...names),
        fc.infiniteStream(segments),
        fc.boolean(),
        (principal, route, namespace, parameters, slash) => {
          const path = route.path.replaceAll(/\{\w+\}/g, () => parameters.next().value as string) + (slash ? "/" : "");
          const may = principal.rights.includes(rightFor(route)) && (principal.namespaces?.includes(namespace) ?? true);

          expect(allows(policyFor(principal, `${STAGE}/GET/`), callOf(route.method, namespace, path))).toBe(may);
        },
      ),
      { numRuns: 5000 },
    );
  });

  test("of one who may all lets the API itself answer what is no route", () => {
    const policy = policyFor({ id: "key:a", rights: RIGHTS }, `${STAGE}/GET/`);

    for (const call of ["DELETE/api/v1/events", "PATCH/team-a/api/v1/events", "GET/team-a/api/v1/nothing"])
      expect(allows(policy, call)).toBe(true);
  });

  test("of one who may write lets nothing be read in ways that only API Gateway might understand", () => {
    const policy = policyFor({ id: "key:a", rights: ["write"] }, `${STAGE}/GET/`);

    for (const path of ["/events/search", "/events//search", "/events/%73earch", "/events/search/", "/./events/search"])
      expect(allows(policy, callOf("POST", "default", path))).toBe(false);
  });

  test("of one namespace lets nobody out of it", () => {
    const policy = policyFor({ id: "key:a", rights: RIGHTS, namespaces: ["team-a"] }, `${STAGE}/GET/`);

    for (const call of [
      "GET/api/v1/events",
      "GET/team-b/api/v1/events",
      "GET/x/team-a/api/v1/events",
      "GET//team-a/api/v1/events",
    ])
      expect(allows(policy, call)).toBe(false);
  });

  test("holds for its API and stage alone", () => {
    const { Statement } = policyFor({ id: "key:a", rights: RIGHTS }, `${STAGE}/POST/api/v1/events`);

    for (const resource of Statement.flatMap((statement) => ("Resource" in statement ? statement.Resource : [])))
      expect(resource).toMatch(new RegExp(`^${STAGE}/`));
  });

  test.each([[["read"]], [["write"]], [RIGHTS]] as const)(
    "fits into the 8 KB that API Gateway takes, with %j in as many namespaces as there may be",
    (rights) => {
      const namespaces = Array.from({ length: MAX_NAMESPACES }, (_, n) => String(n).repeat(40));

      const policy = policyFor({ id: "key:a", rights, namespaces, expiresAtMs: 0 }, `${STAGE}/GET/`);

      expect(JSON.stringify(policy).length).toBeLessThan(7500);
    },
  );
});
