import { describe, expect, test } from "@jest/globals";
import type { Template } from "aws-cdk-lib/assertions";
import type { Auth } from "#lib/auth.ts";
import { deployment, type Resource, resourcesOf } from "#test/lib/deployment.ts";

const METHOD = "AWS::ApiGateway::Method";
const AUTHORIZER = "AWS::ApiGateway::Authorizer";
const URL = "AWS::Lambda::Url";
const OIDC = {
  kind: "oidc",
  issuer: "https://login.example/pool",
  audience: "pulse",
  readScope: "pulse/read",
  declareScope: "pulse/declare",
} as const;

type Stacks = ReturnType<typeof deployment>;

const deployed = (auth: Auth): Stacks => deployment({ auth, namespaces: ["blue"] });
const iam = deployed({ kind: "iam" });
const oidc = deployed(OIDC);
const none = deployed({ kind: "none", iUnderstandThatAnyoneMayReadAndWrite: true });

/** Every resource of a whole deployment, by its stack and its logical id. */
const everything = (stacks: Stacks): readonly [string, Resource][] =>
  Object.entries(stacks).flatMap(([stack, template]) =>
    Object.entries(template.toJSON().Resources as Record<string, Resource>).map(
      ([id, resource]): [string, Resource] => [`${stack}/${id}`, resource],
    ),
  );
const ofType = (stacks: Stacks, type: string): readonly [string, Resource][] =>
  everything(stacks).filter(([, resource]) => resource.Type === type);

const functionNamed = (template: Template, name: string): [string, Resource] =>
  Object.entries(resourcesOf(template, "AWS::Lambda::Function")).find(
    ([, { Properties }]) => Properties.Description === `Pulse: ${name}`,
  ) as [string, Resource];

const isPreflight = ({ Properties }: Resource): boolean =>
  Properties.HttpMethod === "OPTIONS" && (Properties.Integration as { Type?: string }).Type === "MOCK";

const authorizerOfOidc = Object.keys(resourcesOf(oidc.api, AUTHORIZER))[0];

/** In each way of guarding, what every method has, and the URL of the function that streams. */
const WAYS = [
  { kind: "iam", stacks: iam, method: { AuthorizationType: "AWS_IAM" }, url: "AWS_IAM" },
  {
    kind: "oidc",
    stacks: oidc,
    method: { AuthorizationType: "CUSTOM", AuthorizerId: { Ref: authorizerOfOidc } },
    url: "NONE",
  },
  { kind: "none", stacks: none, method: { AuthorizationType: "NONE" }, url: "NONE" },
] as const;

describe.each(WAYS)("with auth $kind", ({ kind, stacks, method, url }) => {
  const methods = ofType(stacks, METHOD);

  test("every method but a browser's preflight is guarded", () => {
    const guarded = methods.filter(([, resource]) => !isPreflight(resource));

    expect(guarded.length).toBeGreaterThan(20);
    for (const [id, { Properties }] of guarded) expect({ id, ...Properties }).toMatchObject({ id, ...method });
  });

  test("a preflight is answered by API Gateway itself, and reaches no function", () => {
    const preflights = methods.filter(([, { Properties }]) => Properties.HttpMethod === "OPTIONS");

    expect(preflights.length).toBeGreaterThan(10);
    for (const [id, resource] of preflights) expect([id, isPreflight(resource)]).toEqual([id, true]);
  });

  test("there is no other door than the REST API and the URL that streams", () => {
    const doors = everything(stacks).filter(([, { Type }]) =>
      /^AWS::(ApiGateway::RestApi|ApiGatewayV2::|AppSync::|Cognito::|ElasticLoadBalancing|Lambda::(Url|WebFunction)|CloudFront::)/.test(
        Type,
      ),
    );

    expect(doors.map(([, { Type }]) => Type).sort()).toEqual(["AWS::ApiGateway::RestApi", URL]);
  });

  test("the URL that streams is open to AWS's callers alone, or to all whom its function verifies", () => {
    const [[id, { Properties }]] = ofType(stacks, URL) as [[string, Resource]];

    expect({ id, ...Properties }).toMatchObject({ id, AuthType: url, InvokeMode: "RESPONSE_STREAM" });
  });

  test("anyone may call no function but the one that streams, by its URL, where AWS does not verify callers", () => {
    const [stream] = functionNamed(stacks.api, "stream-events");
    const open = ofType(stacks, "AWS::Lambda::Permission").filter(([, { Properties }]) => Properties.Principal === "*");

    expect(open.length > 0).toBe(kind !== "iam");
    for (const [id, { Properties }] of open)
      expect({ id, ...Properties }).toMatchObject({ id, FunctionName: { "Fn::GetAtt": [stream, "Arn"] } });
  });

  test("the function that streams is told how it is guarded", () => {
    const [, { Properties }] = functionNamed(stacks.api, "stream-events");

    expect(Properties.Environment).toMatchObject({ Variables: { PULSE_AUTH: kind } });
  });
});

describe("with auth oidc", () => {
  const { api, store } = oidc;
  const [authorizer] = functionNamed(api, "authorize-request");

  test("API Gateway asks our authorizer, and keeps its answer by the credentials for a minute", () => {
    const [found] = Object.values(resourcesOf(api, AUTHORIZER));

    expect(found?.Properties).toMatchObject({
      Type: "REQUEST",
      IdentitySource: "method.request.header.Authorization",
      AuthorizerResultTtlInSeconds: 60,
    });
    expect(JSON.stringify(found?.Properties.AuthorizerUri)).toContain(`"${authorizer}"`);
  });

  test("both functions that verify callers know the same issuer, audience, scopes and keys", () => {
    const callersOf = (name: string) => {
      const [, { Properties }] = functionNamed(api, name);
      const { Variables } = Properties.Environment as { Variables: Record<string, unknown> };
      return Object.fromEntries(Object.entries(Variables).filter(([key]) => /^PULSE_(OIDC|API_KEYS)_/.test(key)));
    };

    expect(callersOf("authorize-request")).toEqual({
      PULSE_OIDC_ISSUER: OIDC.issuer,
      PULSE_OIDC_AUDIENCE: OIDC.audience,
      PULSE_OIDC_READ_SCOPE: OIDC.readScope,
      PULSE_OIDC_DECLARE_SCOPE: OIDC.declareScope,
      PULSE_API_KEYS_TABLE: expect.anything(),
    });
    expect(callersOf("stream-events")).toEqual(callersOf("authorize-request"));
  });

  test("the authorizer may find a key, and write its log and traces: nothing else", () => {
    const [, { Properties }] = functionNamed(api, "authorize-request");
    const [role] = (Properties.Role as { "Fn::GetAtt": string[] })["Fn::GetAtt"];
    const statements = Object.values(resourcesOf(api, "AWS::IAM::Policy"))
      .filter((policy) => JSON.stringify(policy.Properties.Roles).includes(`"${role}"`))
      .flatMap(
        (policy) => (policy.Properties.PolicyDocument as { Statement: { Action: string | string[] }[] }).Statement,
      );

    expect(statements.flatMap(({ Action }) => Action).sort()).toEqual([
      "dynamodb:GetItem",
      "logs:CreateLogStream",
      "logs:PutLogEvents",
      "xray:PutTelemetryRecords",
      "xray:PutTraceSegments",
    ]);
  });

  test("API Gateway's refusals say what is asked for, and that an authorizer which failed may be asked again", () => {
    const answers = Object.fromEntries(
      Object.values(resourcesOf(api, "AWS::ApiGateway::GatewayResponse")).map(({ Properties }) => [
        Properties.ResponseType,
        Properties,
      ]),
    );
    const challenge = "gatewayresponse.header.www-authenticate";

    expect(answers.UNAUTHORIZED?.ResponseParameters).toMatchObject({ [challenge]: `'Bearer realm="pulse"'` });
    expect(answers.ACCESS_DENIED?.ResponseParameters).toMatchObject({
      [challenge]: `'Bearer realm="pulse", error="insufficient_scope"'`,
    });
    for (const type of ["AUTHORIZER_FAILURE", "AUTHORIZER_CONFIGURATION_ERROR"])
      expect(answers[type]).toMatchObject({
        StatusCode: "503",
        ResponseParameters: { "gatewayresponse.header.retry-after": "'1'" },
      });
  });

  test("API keys are in a table that can be restored to any second, and is kept in prod when its stack goes", () => {
    const { store: prod } = deployment({ stageName: "prod", auth: OIDC });
    const tableIn = (template: Template) =>
      Object.entries(template.findResources("AWS::DynamoDB::Table")).find(([id]) => id.startsWith("ApiKeys"))?.[1];

    expect(tableIn(store)?.Properties).toMatchObject({
      BillingMode: "PAY_PER_REQUEST",
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    });
    expect(tableIn(prod)).toMatchObject({ DeletionPolicy: "Retain" });
  });
});

describe("with auth iam", () => {
  test("no function verifies tokens, and API Gateway asks for none", () => {
    const { api } = iam;

    expect(resourcesOf(api, AUTHORIZER)).toEqual({});
    expect(functionNamed(api, "authorize-request")).toBeUndefined();
    expect(JSON.stringify(resourcesOf(api, "AWS::ApiGateway::GatewayResponse"))).not.toContain("www-authenticate");
  });
});
