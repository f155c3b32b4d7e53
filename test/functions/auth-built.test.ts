import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type ApiKeyGrant, issueApiKey } from "#core/access/api-keys.ts";
import { DynamoApiKeys } from "#stores/dynamodb/dynamo-api-keys.ts";
import { openDynamo, TABLE, type TestDynamo } from "#test/support/aws/dynamodb.ts";
import { type FunctionUrlFront, openFunctionUrl } from "#test/support/aws/function-url-front.ts";
import { type LambdaFunction, openLambda } from "#test/support/aws/lambda-function.ts";
import { LambdaFailure } from "#test/support/aws/lambda-process.ts";

const STAGE = "arn:aws:execute-api:eu-central-1:123456789012:abcdef1234/dev";
/** Nobody listens there. */
const NOWHERE = "https://127.0.0.1:1";

let dynamo: TestDynamo;
let keys: DynamoApiKeys;
let authorizer: LambdaFunction;
let streamEvents: LambdaFunction;
let url: FunctionUrlFront;

beforeAll(async () => {
  dynamo = await openDynamo();
  keys = new DynamoApiKeys({ tableName: TABLE, config: dynamo.config });
  const callers = { PULSE_OIDC_ISSUER: NOWHERE, PULSE_OIDC_AUDIENCE: "pulse", PULSE_API_KEYS_TABLE: TABLE };
  const endpoints = { DYNAMODB: dynamo.config.endpoint };
  authorizer = openLambda({ name: "authorize-request", environment: callers, endpoints });
  streamEvents = openLambda({
    name: "stream-events",
    environment: { ...callers, PULSE_AUTH: "oidc", PULSE_OPENSEARCH_URL: NOWHERE, PULSE_OPENSEARCH_AUTH: "none" },
    endpoints,
  });
  url = await openFunctionUrl(streamEvents);
});
afterAll(async () => {
  await url.close();
  await Promise.all([authorizer.kill(), streamEvents.kill()]);
  await keys.close();
  await dynamo.close();
});

async function keyOf(grant: Partial<ApiKeyGrant>): Promise<string> {
  const { text, record } = issueApiKey({ name: "ci", rights: ["read"], ...grant }, 0);
  await keys.add(record);
  return text;
}

describe("the built authorizer", () => {
  const authorize = (authorization: string) =>
    authorizer.invoke({
      type: "REQUEST",
      methodArn: `${STAGE}/GET/api/v1/events`,
      multiValueHeaders: { Authorization: [authorization] },
      requestContext: { requestId: "a-request" },
    });

  test("answers what the owner of a key may do", async () => {
    const text = await keyOf({ rights: ["read", "write"], namespaces: ["team-a"] });

    const { principalId, policyDocument } = await authorize(`token ${text}`);

    expect(principalId).toMatch(/^key:[0-9a-f]{16}$/);
    expect(policyDocument.Statement[0]).toMatchObject({
      Effect: "Allow",
      Resource: expect.arrayContaining([`${STAGE}/GET/team-a/api/v1/*`, `${STAGE}/POST/team-a/api/v1/*`]),
    });
  });

  test("says the word that API Gateway takes for 401, and nothing of the key", async () => {
    const { text } = issueApiKey({ name: "ci", rights: ["read"] }, 0);

    const failure = await authorize(`token ${text}`).catch((error: unknown) => error);

    expect(failure).toBeInstanceOf(LambdaFailure);
    expect((failure as Error).message).toMatch(/Unauthorized$/);
    expect(authorizer.log()).not.toContain(text.slice(23));
  });

  test("fails while the issuer's keys cannot be read", async () => {
    await expect(authorize("Bearer e30.e30.AAAA")).rejects.toThrow("callers cannot be verified right now");
  });
});

describe("the built stream-events behind its own address", () => {
  const PATH = "/api/v1/events/stream";
  const ask = (authorization?: string, method = "GET"): Promise<Response> =>
    fetch(url.url + PATH, { method, headers: authorization === undefined ? {} : { authorization } });

  test.each([
    ["does not know those who say nothing", async () => undefined, 401],
    ["does not know a key that was never made", async () => `token pulse_${"0".repeat(16)}_${"A".repeat(43)}`, 401],
    ["cannot verify a token without the issuer", async () => "Bearer e30.e30.AAAA", 503],
    ["does not stream to who may only write", async () => `token ${await keyOf({ rights: ["write"] })}`, 403],
  ])("%s", async (_, authorization, status) => {
    const answer = await ask(await authorization());

    expect(answer.status).toBe(status);
    expect(await answer.json()).toMatchObject({ status, type: expect.stringMatching(/^urn:pulse:problem:/) });
  });

  test("asks the store for who may read", async () => {
    const answer = await ask(`token ${await keyOf({ rights: ["read"] })}`);

    expect(await answer.json()).toMatchObject({ status: 503, detail: expect.stringContaining("OpenSearch") });
  });

  test("answers a browser's preflight to anybody, and tells no more than that", async () => {
    const answer = await ask(undefined, "OPTIONS");

    expect(answer.status).toBe(204);
    expect(answer.headers.get("access-control-allow-origin")).toBe("*");
    expect(answer.headers.get("access-control-allow-headers")).toContain("Authorization");
    expect(await answer.text()).toBe("");
  });
});
