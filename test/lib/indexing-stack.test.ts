import { describe, expect, test } from "@jest/globals";
import { Match } from "aws-cdk-lib/assertions";
import { DEFAULT_EVENT_TYPES } from "#core/events/event-types.ts";
import { genericTemplate, indexTemplates, typeTemplate } from "#stores/opensearch/index-templates.ts";
import { deployment, resourcesOf } from "#test/lib/deployment.ts";

const TEMPLATE = "Custom::PulseIndexTemplate";
const ACCESS = "Custom::PulseIndexAccess";
const SIGNUP = { name: "signup", period: "month", retentionDays: 30, fields: { plan: "keyword" } } as const;
const { indexing, api } = deployment();
const { indexing: prod } = deployment({
  stageName: "prod",
  eventTypes: [...DEFAULT_EVENT_TYPES, SIGNUP],
});

const nameOf = ({ Properties }: { Properties: Readonly<Record<string, unknown>> }): unknown => Properties.name;
const templates = resourcesOf(indexing, TEMPLATE);

describe("index templates", () => {
  test("are one resource for each declared type, the generic one and those of the bookkeeping", () => {
    const expected = indexTemplates(DEFAULT_EVENT_TYPES).map(({ name }) => name);

    expect(Object.values(templates).map(nameOf).sort()).toEqual([...expected].sort());
  });

  test("arrive as text, which CloudFormation cannot change the numbers of", () => {
    const [health] = Object.values(templates).filter((resource) => nameOf(resource) === "pulse.health");

    expect(JSON.parse(health?.Properties.template as string)).toEqual(
      typeTemplate({ name: "health", period: "month", retentionDays: 396 }),
    );
  });

  test("of a type that is declared beside the default ones are installed as well", () => {
    prod.hasResourceProperties(TEMPLATE, { name: "pulse.signup" });
  });

  test("with more fields than functions can be told of are refused", () => {
    const fields = Object.fromEntries(
      Array.from({ length: 300 }, (_, index) => [`field-${index}`, "keyword" as const]),
    );
    const large = { name: "signup", period: "month", retentionDays: 30, fields } as const;

    expect(() => deployment({ eventTypes: [...DEFAULT_EVENT_TYPES, large] })).toThrow(/eventTypes: .* characters/);
  });

  test.each(["SignUp", "sign up", ""])("are refused for a type that is named %j", (name) => {
    expect(() => deployment({ eventTypes: [...DEFAULT_EVENT_TYPES, { ...SIGNUP, name }] })).toThrow(
      `${JSON.stringify(name)} cannot be a declared type`,
    );
  });

  test("of one's own are known to every function that reads or writes events", () => {
    const { api: readers } = deployment({ eventTypes: [...DEFAULT_EVENT_TYPES, SIGNUP] });
    const told = { Environment: { Variables: Match.objectLike({ PULSE_EVENT_TYPES: JSON.stringify([SIGNUP]) }) } };

    prod.hasResourceProperties("AWS::Lambda::Function", { Description: "Pulse: index-events", ...told });
    for (const name of ["query-events", "aggregate-events", "stream-events", "describe-api"])
      readers.hasResourceProperties("AWS::Lambda::Function", { Description: `Pulse: ${name}`, ...told });
  });

  test("are installed again for a word that was not given before", () => {
    const { indexing: again } = deployment({ reinstall: "after the accident" });

    for (const { Properties } of Object.values(resourcesOf(again, TEMPLATE)))
      expect(Properties.reinstall).toBe("after the accident");
    for (const { Properties } of Object.values(templates)) expect(Properties).not.toHaveProperty("reinstall");
  });

  test("give up after minutes, not after CloudFormation's hour", () => {
    for (const { Properties } of Object.values(templates))
      expect(Number(Properties.ServiceTimeout)).toBeLessThanOrEqual(600);
  });

  test("wait until their function may install them", () => {
    const [access] = Object.entries(resourcesOf(indexing, ACCESS)).find(
      ([, { Properties }]) => Properties.role === "pulse-install-index-templates",
    ) ?? [""];

    for (const template of Object.values(templates)) expect(template.DependsOn).toContain(access);
  });
});

describe("index-events", () => {
  test("reads each shard from its start, one batch at a time, and never gives up before the stream does", () => {
    indexing.hasResourceProperties("AWS::Lambda::EventSourceMapping", {
      StartingPosition: "TRIM_HORIZON",
      ParallelizationFactor: 1,
      MaximumRetryAttempts: -1,
      BisectBatchOnFunctionError: true,
      FunctionResponseTypes: ["ReportBatchItemFailures"],
      DestinationConfig: { OnFailure: { Destination: Match.anyValue() } },
    });
  });

  test.each([
    ["dev", 1, indexing],
    ["prod", 7, prod],
  ] as const)("gives a record up just before the stream of %s forgets it", (_, retentionDays, stack) => {
    const [mapping] = Object.values(resourcesOf(stack, "AWS::Lambda::EventSourceMapping"));
    const maxAgeSeconds = mapping?.Properties.MaximumRecordAgeInSeconds as number;

    expect(maxAgeSeconds).toBeLessThan(retentionDays * 86_400);
    expect(maxAgeSeconds).toBeGreaterThanOrEqual(retentionDays * 86_400 - 2 * 3600);
  });

  test("starts only when the generic template is there", () => {
    const [generic] = Object.entries(templates).find(([, resource]) => nameOf(resource) === genericTemplate().name) ?? [
      "",
    ];
    const [mapping] = Object.values(resourcesOf(indexing, "AWS::Lambda::EventSourceMapping"));

    expect(mapping?.DependsOn).toContain(generic);
  });
});

describe("access to the index", () => {
  const access = [...Object.values(resourcesOf(indexing, ACCESS)), ...Object.values(resourcesOf(api, ACCESS))];

  test("is one role for each function that needs it, mapped to that function alone", () => {
    const roles = access.map(({ Properties }) => Properties.role);

    expect(new Set(roles).size).toBe(roles.length);
    expect(new Set(access.map(({ Properties }) => JSON.stringify(Properties.backendRole))).size).toBe(roles.length);
    expect(roles).toEqual(expect.arrayContaining(["pulse-index-events", "pulse-query-events", "pulse-stream-events"]));
    expect(roles).not.toContain("pulse-create-events");
  });

  test("never comes with all of anything", () => {
    for (const { Properties } of access) {
      expect(JSON.stringify(Properties)).not.toMatch(/all_access|"\*"/);
    }
  });

  test("lets no reader write", () => {
    for (const { Properties } of access.filter(({ Properties }) => !/index|forget/.test(Properties.role as string)))
      expect(JSON.stringify(Properties.permissions)).not.toMatch(/write|create|put|manage|delete/);
  });

  test("lets the indexer delete nothing", () => {
    const [indexer] = access.filter(({ Properties }) => Properties.role === "pulse-index-events");

    expect(JSON.stringify(indexer?.Properties.permissions)).not.toMatch(/delete|manage|template\/(put|delete)/);
    indexing.hasResourceProperties("AWS::IAM::Policy", {
      PolicyName: Match.stringLikeRegexp("^IndexEventsRole"),
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({ Action: ["es:ESHttpGet", "es:ESHttpHead", "es:ESHttpPost", "es:ESHttpPut"] }),
          Match.objectLike({ Action: "s3:PutObject" }),
        ]),
      },
    });
  });
});

describe("forget-shards", () => {
  test("is called once a day, and may only list the stream's shards and remove checkpoints", () => {
    indexing.hasResourceProperties("AWS::Events::Rule", {
      ScheduleExpression: "rate(1 day)",
      Targets: [Match.objectLike({ Arn: { "Fn::GetAtt": [Match.stringLikeRegexp("^ForgetShards"), "Arn"] } })],
    });
    indexing.hasResourceProperties("AWS::IAM::Policy", {
      Roles: [{ Ref: Match.stringLikeRegexp("^ForgetShardsRole") }],
      PolicyDocument: Match.objectLike({
        Statement: Match.arrayWith([Match.objectLike({ Action: "kinesis:ListShards" })]),
      }),
    });
    indexing.hasResourceProperties(ACCESS, {
      role: "pulse-forget-shards",
      permissions: Match.objectLike({
        index_permissions: [Match.objectLike({ index_patterns: ["pulse_checkpoints"] })],
      }),
    });
  });
});
