import { matchesGlob } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { Match } from "aws-cdk-lib/assertions";
import { OPERATE } from "#lib/constructs/index-access.ts";
import { deployment, resourcesOf } from "#test/lib/deployment.ts";

const DOMAIN = "AWS::OpenSearchService::Domain";
const { store } = deployment();

describe("the domain", () => {
  test("is encrypted at rest, between its nodes and on the way to it", () => {
    store.hasResourceProperties(DOMAIN, {
      EncryptionAtRestOptions: { Enabled: true },
      NodeToNodeEncryptionOptions: { Enabled: true },
      DomainEndpointOptions: { EnforceHTTPS: true, TLSSecurityPolicy: "Policy-Min-TLS-1-2-PFS-2023-10" },
    });
  });

  test("has an IAM role as its master, which only the function that grants access can take on", () => {
    const [roleId] = Object.keys(
      store.findResources("AWS::IAM::Role", { Properties: { Description: Match.stringLikeRegexp("^Master") } }),
    );
    const roleArn = { "Fn::GetAtt": [roleId, "Arn"] };

    store.hasResourceProperties(DOMAIN, {
      AdvancedSecurityOptions: {
        Enabled: true,
        InternalUserDatabaseEnabled: false,
        MasterUserOptions: { MasterUserARN: roleArn },
      },
    });
    const takers = Object.values(resourcesOf(store, "AWS::Lambda::Function")).filter(
      ({ Properties }) => JSON.stringify(Properties.Role) === JSON.stringify(roleArn),
    );
    expect(takers.map(({ Properties }) => Properties.Description)).toEqual(["Pulse: grant-index-access"]);
  });

  test("carries its access policy itself, for this account alone", () => {
    store.hasResourceProperties(DOMAIN, {
      AccessPolicies: {
        Statement: [
          Match.objectLike({ Principal: { AWS: { "Fn::Join": ["", Match.arrayWith([{ Ref: "AWS::AccountId" }])] } } }),
        ],
      },
    });
    expect(resourcesOf(store, "Custom::OpenSearchAccessPolicy")).toEqual({});
  });

  test("writes slow and audit logs", () => {
    store.hasResourceProperties(DOMAIN, {
      LogPublishingOptions: {
        AUDIT_LOGS: Match.objectLike({ Enabled: true }),
        SEARCH_SLOW_LOGS: Match.objectLike({ Enabled: true }),
        INDEX_SLOW_LOGS: Match.objectLike({ Enabled: true }),
      },
    });
  });

  test("runs on Graviton and gp3", () => {
    store.hasResourceProperties(DOMAIN, {
      ClusterConfig: Match.objectLike({ InstanceType: Match.stringLikeRegexp("^[a-z]+\\d+g\\.") }),
      EBSOptions: Match.objectLike({ VolumeType: "gp3" }),
    });
  });

  test("is kept in prod when its stack goes, over three zones with managers of its own", () => {
    const { store: prod } = deployment({ stageName: "prod" });

    prod.hasResource(DOMAIN, { DeletionPolicy: "Retain", UpdateReplacePolicy: "Retain" });
    prod.hasResourceProperties(DOMAIN, {
      ClusterConfig: Match.objectLike({
        DedicatedMasterEnabled: true,
        ZoneAwarenessEnabled: true,
        ZoneAwarenessConfig: { AvailabilityZoneCount: 3 },
      }),
    });
  });

  test("lets operators in by a role of their own, if they have one", () => {
    const operatorRoleArn = "arn:aws:iam::111122223333:role/operators";
    const { store: operated } = deployment({ operatorRoleArn });
    const ACCESS = "Custom::PulseIndexAccess";

    operated.hasResourceProperties(ACCESS, { role: "pulse-operator", backendRole: operatorRoleArn });
    const [access] = Object.values(resourcesOf(operated, ACCESS));
    expect(JSON.stringify(access?.Properties)).not.toMatch(/all_access|"\*"/);
    expect(resourcesOf(store, ACCESS)).toEqual({});
  });

  test("lets operators change no checkpoint, delete nothing but whole indices of events, and manage none", () => {
    const { index_permissions: granted } = OPERATE;
    const mayOn = (index: string): string[] =>
      granted
        .filter(({ index_patterns }) => index_patterns.some((pattern) => matchesGlob(index, pattern)))
        .flatMap(({ allowed_actions }) => allowed_actions);
    const changing = /write|create|delete|put|manage/;

    expect(mayOn("pulse_checkpoints").filter((action) => changing.test(action))).toEqual([]);
    expect(mayOn("pulse_types").filter((action) => /delete|manage/.test(action))).toEqual([]);
    expect(mayOn("pulse.health.default.2026-03").filter((action) => /delete|manage/.test(action))).toEqual([
      "indices:admin/delete",
    ]);
  });

  test("is not made where an open cluster is given, and then nothing is granted", () => {
    const { store: without, indexing } = deployment({ openClusterUrl: "http://search.example:9200" });

    expect(resourcesOf(without, DOMAIN)).toEqual({});
    expect(resourcesOf(indexing, "Custom::PulseIndexAccess")).toEqual({});
    indexing.hasResourceProperties("AWS::Lambda::Function", {
      Environment: {
        Variables: Match.objectLike({
          PULSE_OPENSEARCH_URL: "http://search.example:9200",
          PULSE_OPENSEARCH_AUTH: "none",
        }),
      },
    });
  });
});

describe("the idempotency keys", () => {
  test("expire, cost nothing at rest, and can be restored to any second", () => {
    store.hasResourceProperties("AWS::DynamoDB::Table", {
      BillingMode: "PAY_PER_REQUEST",
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      TimeToLiveSpecification: { AttributeName: "expiresAt", Enabled: true },
    });
  });
});
