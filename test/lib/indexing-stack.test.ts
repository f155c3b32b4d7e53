import { createHash } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { Match, type Template } from "aws-cdk-lib/assertions";
import { DEFAULT_EVENT_TYPES } from "#core/events/types/event-types.ts";
import { readLogFormat } from "#core/haproxy/log-format/read-log-format.ts";
import { genericTemplate, indexTemplates, typeTemplate } from "#stores/opensearch/index-templates.ts";
import { deployment, type Resource, resourcesOf, statementsOf } from "#test/lib/deployment.ts";

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
    const name = (number: number) => createHash("sha256").update(String(number)).digest("hex");
    const fields = Object.fromEntries(Array.from({ length: 300 }, (_, number) => [name(number), "keyword" as const]));
    const large = { name: "signup", period: "month", retentionDays: 30, fields } as const;

    expect(() => deployment({ eventTypes: [...DEFAULT_EVENT_TYPES, large] })).toThrow(
      /haproxyConfig adds, take \d+ characters, compressed, and.+declare types while Pulse runs instead/,
    );
  });

  test.each(["SignUp", "sign up", ""])("are refused for a type that is named %j", (name) => {
    expect(() => deployment({ eventTypes: [...DEFAULT_EVENT_TYPES, { ...SIGNUP, name }] })).toThrow(
      `${JSON.stringify(name)} cannot be a declared type`,
    );
  });

  test("of one's own are known to every function that reads or writes events", () => {
    const { api: readers } = deployment({ eventTypes: [...DEFAULT_EVENT_TYPES, SIGNUP] });
    const told = { Environment: { Variables: Match.objectLike({ PULSE_EVENT_TYPES: JSON.stringify([SIGNUP]) }) } };

    for (const name of ["index-events", "index-haproxy-logs"])
      prod.hasResourceProperties("AWS::Lambda::Function", { Description: `Pulse: ${name}`, ...told });
    for (const name of ["query-events", "aggregate-events", "stream-events", "describe-api"])
      readers.hasResourceProperties("AWS::Lambda::Function", { Description: `Pulse: ${name}`, ...told });
  });

  test("of log lines have the fields of the gateways' own formats, and readers know them", () => {
    const haproxyFormats = [{ format: readLogFormat("own", "%ci %[req.hdr(x-tenant)] %{+Q}r"), frontends: ["web"] }];
    const { indexing: told, api: readers } = deployment({ haproxyFormats });
    const [template] = Object.values(resourcesOf(told, TEMPLATE)).filter((one) => nameOf(one) === "pulse.haproxy");

    expect(template?.Properties.template).toContain('"req_hdr_x-tenant":{"type":"keyword"');
    for (const [stack, name] of [
      [told, "index-haproxy-logs"],
      [readers, "receive-haproxy-logs"],
    ] as const)
      stack.hasResourceProperties("AWS::Lambda::Function", {
        Description: `Pulse: ${name}`,
        Environment: { Variables: Match.objectLike({ PULSE_HAPROXY_FORMATS_FILE: "haproxy-formats.json" }) },
      });
    for (const name of ["query-events", "aggregate-events"])
      readers.hasResourceProperties("AWS::Lambda::Function", {
        Description: `Pulse: ${name}`,
        Environment: { Variables: { PULSE_EVENT_TYPES: Match.stringLikeRegexp("req_hdr_x-tenant") } },
      });
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

/** The event source mapping of a function. */
function mappingOf(template: Template, name: string): Resource {
  const functions = Object.entries(resourcesOf(template, "AWS::Lambda::Function"));
  const [id] = functions.find(([, { Properties }]) => Properties.Description === `Pulse: ${name}`) ?? [];
  const mappings = Object.values(resourcesOf(template, "AWS::Lambda::EventSourceMapping"));
  const mapping = mappings.find(({ Properties }) => (Properties.FunctionName as { Ref: string }).Ref === id);
  if (mapping === undefined) throw new Error(`nothing feeds ${name}`);
  return mapping;
}

describe.each([
  ["index-events", "FnGetAttEvents"],
  ["index-haproxy-logs", "FnGetAttHaproxyLogs"],
] as const)("%s", (name, stream) => {
  test("reads each shard of its stream from the start, one batch at a time, and never gives up before the stream does", () => {
    const { Properties } = mappingOf(indexing, name);

    expect(JSON.stringify(Properties.EventSourceArn)).toContain(stream);
    expect(Properties).toMatchObject({
      StartingPosition: "TRIM_HORIZON",
      ParallelizationFactor: 1,
      MaximumRetryAttempts: -1,
      BisectBatchOnFunctionError: true,
      FunctionResponseTypes: ["ReportBatchItemFailures"],
      DestinationConfig: { OnFailure: { Destination: expect.anything() } },
    });
  });

  test.each([
    ["dev", 1, indexing],
    ["prod", 7, prod],
  ] as const)("gives a record up just before the stream of %s forgets it", (_, retentionDays, stack) => {
    const maxAgeSeconds = mappingOf(stack, name).Properties.MaximumRecordAgeInSeconds as number;

    expect(maxAgeSeconds).toBeLessThan(retentionDays * 86_400);
    expect(maxAgeSeconds).toBeGreaterThanOrEqual(retentionDays * 86_400 - 2 * 3600);
  });

  test("starts only when the generic template is there", () => {
    const [generic] = Object.entries(templates).find(([, resource]) => nameOf(resource) === genericTemplate().name) ?? [
      "",
    ];

    expect(mappingOf(indexing, name).DependsOn).toContain(generic);
  });

  test("may read its own stream alone, and put dead letters aside", () => {
    const role = name === "index-events" ? "IndexEventsRole" : "IndexHaproxyLogsRole";
    const granted = statementsOf(indexing, role);
    const reading = granted.filter(({ Action }) => JSON.stringify(Action).includes("kinesis:"));

    for (const { Action, Resource } of reading) {
      expect(JSON.stringify(Action)).not.toContain("kinesis:Put");
      expect(JSON.stringify(Resource)).toContain(stream);
    }
    expect(reading.length).toBeGreaterThan(0);
    expect(granted).toContainEqual(expect.objectContaining({ Action: "s3:PutObject" }));
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
    for (const { Properties } of access.filter(
      ({ Properties }) => !/index|forget|put-artifact/.test(Properties.role as string),
    ))
      expect(JSON.stringify(Properties.permissions)).not.toMatch(/write|create|put|manage|delete/);
  });

  test("lets no indexer delete anything", () => {
    const indexers = access.filter(({ Properties }) => /^pulse-index-/.test(Properties.role as string));

    expect(indexers).toHaveLength(2);
    for (const { Properties } of indexers)
      expect(JSON.stringify(Properties.permissions)).not.toMatch(/delete|manage|template\/(put|delete)/);
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

describe("install-index-templates", () => {
  const { Properties } = Object.values(resourcesOf(indexing, ACCESS)).find(
    ({ Properties }) => Properties.role === "pulse-install-index-templates",
  ) as Resource;
  const granted = Properties.permissions as {
    readonly cluster_permissions: readonly string[];
    readonly index_permissions: readonly {
      readonly index_patterns: readonly string[];
      readonly allowed_actions: readonly string[];
    }[];
  };

  test("puts retention policies, which delete whole indices of events with its rights, and reads no event", () => {
    const ism = granted.cluster_permissions.filter((action) => action.includes("/ism/"));
    const onEvents = granted.index_permissions
      .filter(({ index_patterns }) => index_patterns.some((pattern) => pattern.startsWith("pulse.")))
      .flatMap(({ allowed_actions }) => allowed_actions);
    const deleting = granted.index_permissions.filter(({ allowed_actions }) =>
      allowed_actions.includes("indices:admin/delete"),
    );

    expect(ism.map((action) => action.split("/ism/")[1]).sort()).toEqual([
      "managedindex/add",
      "managedindex/change",
      "managedindex/explain",
      "policy/get",
      "policy/write",
    ]);
    expect(onEvents.filter((action) => /data|^read|write/.test(action))).toEqual([]);
    expect(deleting.map(({ index_patterns }) => index_patterns)).toEqual([["pulse.*"]]);
  });
});

describe("put-artifact", () => {
  test("declares types: it writes down what is in force beside their places, and to no index of events", () => {
    const { Properties } = Object.values(resourcesOf(api, ACCESS)).find(
      ({ Properties }) => Properties.role === "pulse-put-artifact",
    ) as Resource;
    const { index_permissions: granted } = Properties.permissions as {
      readonly index_permissions: readonly {
        readonly index_patterns: readonly string[];
        readonly allowed_actions: readonly string[];
      }[];
    };

    const writing = granted.filter(({ allowed_actions }) => allowed_actions.some((action) => action.includes("data/")));
    expect(writing.map(({ index_patterns }) => index_patterns)).toEqual([["pulse_types"]]);
    expect(JSON.stringify(granted)).not.toMatch(/data\/write\/delete|"read"/);
  });
});

describe("forget-shards", () => {
  test("is called once a day, and may only list the shards of both streams and remove checkpoints", () => {
    indexing.hasResourceProperties("AWS::Events::Rule", {
      ScheduleExpression: "rate(1 day)",
      Targets: [Match.objectLike({ Arn: { "Fn::GetAtt": [Match.stringLikeRegexp("^ForgetShards"), "Arn"] } })],
    });
    indexing.hasResourceProperties("AWS::IAM::Policy", {
      Roles: [{ Ref: Match.stringLikeRegexp("^ForgetShardsRole") }],
      PolicyDocument: Match.objectLike({
        Statement: Match.arrayWith([
          Match.objectLike({ Action: "kinesis:ListShards", Resource: [Match.anyValue(), Match.anyValue()] }),
        ]),
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
