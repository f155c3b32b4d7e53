import { describe, expect, test } from "@jest/globals";
import { Match } from "aws-cdk-lib/assertions";
import { YAML_TYPES } from "#core/artifacts/read-source.ts";
import { BASE_PATH, resourcePathOf, routes } from "#functions/routes.ts";
import { PREFLIGHT_ANSWER } from "#functions/shared/http/answer.ts";
import { deployment, type Resource, resourcesOf, statementsOf } from "#test/lib/deployment.ts";

const METHOD = "AWS::ApiGateway::Method";
const { api } = deployment({ namespaces: ["blue", "green"] });

const parts = resourcesOf(api, "AWS::ApiGateway::Resource");
const methods = Object.values(resourcesOf(api, METHOD));
const functions = resourcesOf(api, "AWS::Lambda::Function");

/** The path of a method, followed up to the root. */
function pathOf({ Properties }: Resource): string {
  let path = "";
  for (let id = (Properties.ResourceId as { Ref?: string }).Ref; id !== undefined; ) {
    const part: Resource = parts[id] as Resource;
    path = `/${part.Properties.PathPart}${path}`;
    id = (part.Properties.ParentId as { Ref?: string }).Ref;
  }
  return path || "/";
}

const uriOf = ({ Properties }: Resource): string => JSON.stringify((Properties.Integration as { Uri?: unknown }).Uri);
const answering = (name: string): string =>
  Object.entries(functions).find(([, { Properties }]) => Properties.Description === `Pulse: ${name}`)?.[0] ?? "none";

/** What API Gateway answers by itself. */
interface MockIntegration {
  readonly Type: string;
  readonly IntegrationResponses: readonly [{ readonly ResponseParameters: Readonly<Record<string, string>> }];
}

const methodAt = (method: string, path: string): Resource | undefined =>
  methods.find((resource) => resource.Properties.HttpMethod === method && pathOf(resource) === path);

describe("routes", () => {
  const everyRoute = routes.flatMap((route) =>
    ["", "/{namespace}"].map((prefix) => ({ ...route, path: prefix + BASE_PATH + resourcePathOf(route) })),
  );

  test.each(everyRoute)("$method $path is answered by $fn", ({ method, path, fn }) => {
    expect(uriOf(methodAt(method, path) as Resource)).toContain(`"${answering(fn)}"`);
  });

  test.each(everyRoute.filter(({ streams }) => streams))("$method $path streams", ({ method, path }) => {
    const method_ = methodAt(method, path) as Resource;

    expect(method_.Properties.Integration).toMatchObject({ ResponseTransferMode: "STREAM" });
    expect(uriOf(method_)).toContain("response-streaming-invocations");
  });

  test("get log lines byte for byte", () => {
    const [rest] = Object.values(resourcesOf(api, "AWS::ApiGateway::RestApi"));

    expect(rest?.Properties.BinaryMediaTypes).toEqual(["text/plain", "application/x-ndjson", ...YAML_TYPES]);
  });

  test("leave a stack room for more of them: CloudFormation takes 500 resources", () => {
    for (const template of [
      api,
      deployment({ auth: { kind: "oidc", issuer: "https://a.example", audience: "b" } }).api,
    ])
      expect(Object.keys(template.toJSON().Resources).length).toBeLessThan(350);
  });

  test("below which a function finds its routes itself share it, and nothing else lies there", () => {
    for (const { under, fn } of routes) {
      if (under === undefined) continue;
      const below = routes.filter(({ path }) => path.startsWith(`${under}/`));
      expect(new Set(below.map((route) => `${route.fn} ${route.under}`))).toEqual(new Set([`${fn} ${under}`]));
    }
  });

  test("that do not exist are refused by a function of ours, on every path there is", () => {
    const paths = new Set(methods.map(pathOf));

    for (const path of paths) expect(uriOf(methodAt("ANY", path) as Resource)).toContain(answering("refuse-unmatched"));
    expect([...paths]).toEqual(expect.arrayContaining(["/", "/api/{proxy+}", "/{namespace}/{proxy+}"]));
  });

  test("answer a browser's preflight as functions do that have an address of their own", () => {
    const preflight = methodAt("OPTIONS", `${BASE_PATH}/events`)?.Properties.Integration as MockIntegration;
    const answer = preflight.IntegrationResponses[0].ResponseParameters;

    expect(preflight.Type).toBe("MOCK");
    for (const name of ["Allow-Origin", "Allow-Headers", "Allow-Methods", "Expose-Headers", "Max-Age"])
      expect(answer[`method.response.header.Access-Control-${name}`]?.replaceAll(",", ", ")).toBe(
        `'${PREFLIGHT_ANSWER.headers?.[`access-control-${name.toLowerCase()}`]}'`,
      );
  });
});

test("who may call must be said", () => {
  expect(() => deployment({ auth: undefined })).toThrow("auth must be set");
});

describe("what API Gateway answers itself", () => {
  const answers = Object.values(resourcesOf(api, "AWS::ApiGateway::GatewayResponse"));

  test("covers both defaults", () => {
    const types = answers.map(({ Properties }) => Properties.ResponseType);

    expect(types).toEqual(expect.arrayContaining(["DEFAULT_4XX", "DEFAULT_5XX", "THROTTLED", "ACCESS_DENIED"]));
  });

  test.each(answers.map(({ Properties }) => [Properties.ResponseType as string, Properties] as const))(
    "%s is a problem document of its status, readable from any origin",
    (_, { ResponseTemplates, ResponseParameters, StatusCode }) => {
      const template = (ResponseTemplates as Record<string, string>)["application/json"] as string;
      const problem = JSON.parse(template.replaceAll("$context.error.messageString", '"what went wrong"'));

      expect(problem).toMatchObject({
        type: expect.stringMatching(/^urn:pulse:problem:/),
        title: expect.any(String),
        status: Number(StatusCode),
        instance: "urn:uuid:$context.requestId",
      });
      expect(problem.message).toBe(problem.detail);
      expect(ResponseParameters).toMatchObject({
        "gatewayresponse.header.content-type": "'application/problem+json'",
        "gatewayresponse.header.access-control-allow-origin": "'*'",
      });
    },
  );

  test("says when to come back after too many requests", () => {
    api.hasResourceProperties("AWS::ApiGateway::GatewayResponse", {
      ResponseType: "THROTTLED",
      StatusCode: "429",
      ResponseParameters: Match.objectLike({ "gatewayresponse.header.retry-after": "'1'" }),
    });
  });
});

describe("functions", () => {
  test("run Node 24 on Graviton, traced, with a log that ends", () => {
    for (const { Properties } of Object.values(functions)) {
      expect(Properties).toMatchObject({
        Runtime: "nodejs24.x",
        Architectures: ["arm64"],
        TracingConfig: { Mode: "Active" },
        LoggingConfig: { LogGroup: expect.anything() },
      });
    }
    for (const { Properties } of Object.values(resourcesOf(api, "AWS::Logs::LogGroup")))
      expect(Properties.RetentionInDays).toEqual(expect.any(Number));
  });

  test("have a role each", () => {
    const roles = Object.values(functions).map(({ Properties }) => JSON.stringify(Properties.Role));

    expect(new Set(roles).size).toBe(roles.length);
  });

  test("are told the namespaces", () => {
    api.hasResourceProperties("AWS::Lambda::Function", {
      Description: "Pulse: create-events",
      Environment: { Variables: Match.objectLike({ PULSE_NAMESPACES: "blue,green" }) },
    });
  });

  test("are never told a namespace that could not be one", () => {
    expect(() => deployment({ namespaces: ["Blue/Green"] })).toThrow('"Blue/Green" cannot be a namespace');
  });

  test("that stream end by themselves before Lambda ends them, and leave room for the others", () => {
    const { Properties } = functions[answering("stream-events")] as Resource;
    const { Variables } = Properties.Environment as { Variables: Record<string, string> };

    expect(Number(Variables.PULSE_STREAM_LEASE_SECONDS)).toBeLessThan(Properties.Timeout as number);
    expect(Properties.ReservedConcurrentExecutions).toEqual(expect.any(Number));
  });

  test.each([
    ["CreateEvents", "FnGetAttEvents"],
    ["ReceiveHaproxyLogs", "FnGetAttHaproxyLogs"],
  ])("%s writes to its stream of the journal, and to no other", (id, stream) => {
    const puts = statementsOf(api, id).filter(({ Action }) => JSON.stringify(Action).includes("kinesis:PutRecords"));

    expect(puts).toHaveLength(1);
    expect(JSON.stringify(puts[0]?.Resource)).toContain(stream);
  });

  test("that only read cannot write to the journal, nor know idempotency keys", () => {
    const policies = Object.entries(resourcesOf(api, "AWS::IAM::Policy"));
    const readers = policies.filter(([id]) => !/^(CreateEvents|ReceiveHaproxyLogs|PutArtifact)/.test(id));

    expect(readers.length).toBeGreaterThan(3);
    for (const [, { Properties }] of readers) {
      const document = JSON.stringify(Properties.PolicyDocument);
      expect(document).not.toMatch(/kinesis:Put|dynamodb:(Put|Update|Delete|Batch|Scan|\*)/);
      expect(document).not.toContain("IdempotencyKeys");
    }
  });

  test.each([
    ["PutArtifact", ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]],
    ["ReadArtifacts", ["dynamodb:GetItem", "dynamodb:Query"]],
  ])("%s may do with the table of artifacts what it must, and with no other table anything", (id, actions) => {
    const granted = statementsOf(api, id).filter(({ Action }) => JSON.stringify(Action).includes("dynamodb:"));

    expect(granted).toHaveLength(1);
    expect(granted[0]?.Action).toEqual(actions);
    expect(JSON.stringify(granted[0]?.Resource)).toMatch(/^[^,]*FnGetAttArtifacts[^,]*$/);
  });
});
