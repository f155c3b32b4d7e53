import { describe, expect, test } from "@jest/globals";
import { Match } from "aws-cdk-lib/assertions";
import { UPDATE_DASHBOARDS } from "#lib/constructs/index-access.ts";
import { deployment, resourcesOf, statementsOf } from "#test/lib/deployment.ts";

const { operations } = deployment({ dashboards: true, namespaces: ["team-a"] });
const RESOURCE = "Custom::PulseDashboards";

describe("dashboards", () => {
  test("are made by nobody who was not asked to", () => {
    const { operations: without } = deployment();

    expect(resourcesOf(without, RESOURCE)).toEqual({});
    expect(Object.keys(resourcesOf(without, "AWS::Lambda::Function"))).toEqual([]);
  });

  test("are brought up to date by a schedule, in each namespace, in the domain's own OpenSearch Dashboards", () => {
    operations.hasResourceProperties("AWS::Events::Rule", {
      ScheduleExpression: "rate(15 minutes)",
      Targets: [Match.objectLike({ Arn: { "Fn::GetAtt": [Match.stringLikeRegexp("UpdateDashboards"), "Arn"] } })],
    });
    operations.hasResourceProperties("AWS::Lambda::Function", {
      Description: "Pulse: update-dashboards",
      Environment: {
        Variables: Match.objectLike({
          PULSE_NAMESPACES: "team-a",
          PULSE_DASHBOARDS_URL: { "Fn::Join": ["", ["https://", Match.anyValue(), "/_dashboards"]] },
        }),
      },
    });
  });

  test("are drawn at each deployment that would draw others, once the function may", () => {
    const [deployed] = Object.values(resourcesOf(operations, RESOURCE));
    const [access] = Object.entries(resourcesOf(operations, "Custom::PulseIndexAccess")).find(
      ([, { Properties }]) => Properties.role === "pulse-update-dashboards",
    ) ?? [""];

    expect(deployed?.Properties).toMatchObject({
      namespaces: "team-a",
      drawnBy: expect.stringMatching(/^[0-9a-f]{12}$/),
    });
    expect(deployed?.DependsOn).toContain(access);
  });

  test("may be removed in OpenSearch Dashboards, and events only be read", () => {
    const statements = statementsOf(operations, "DashboardsUpdateDashboardsRole");
    const paths = (action: string): string[] =>
      statements
        .filter(({ Action }) => [Action].flat().includes(action))
        .map(({ Resource }) => /pulse-dev.*\*/.exec(JSON.stringify(Resource))?.[0] ?? "");

    expect(paths("es:ESHttpDelete")).toEqual(["pulse-dev/_dashboards/*"]);
    expect(paths("es:ESHttpPost")).toEqual(["pulse-dev/*"]);
    expect(paths("es:ESHttpPut")).toEqual([]);
    const ofEvents = UPDATE_DASHBOARDS.permissions.index_permissions.filter(({ index_patterns }) =>
      index_patterns.some((pattern) => !pattern.startsWith(".")),
    );
    expect(JSON.stringify(ofEvents)).not.toMatch(/write|delete|manage|put|create/);
  });

  test("need an address where OpenSearch is no domain of ours", () => {
    const openClusterUrl = "http://search.example:9200";

    expect(() => deployment({ openClusterUrl, dashboards: true })).toThrow("must be the address");
    const { operations: open } = deployment({ openClusterUrl, dashboards: "http://search.example:5601" });
    open.hasResourceProperties("AWS::Lambda::Function", {
      Environment: { Variables: Match.objectLike({ PULSE_DASHBOARDS_URL: "http://search.example:5601" }) },
    });
  });
});
