import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { WITHOUT_TRACES } from "#test/lib/deployment.ts";

const out = mkdtempSync(join(tmpdir(), "pulse-synth-"));
afterAll(() => rmSync(out, { recursive: true }));

interface PluginReport {
  readonly pluginName: string;
  readonly violations: readonly { readonly ruleName: string; readonly description: string }[];
}

/** Synthesises as `cdk synth` does, without credentials of any account. CloudFormation's own rules take 10 of 14 s. */
function synthesise(context: Readonly<Record<string, string>>, rules: "all rules" | "all but CloudFormation's") {
  const { AWS_PROFILE: _, AWS_ACCESS_KEY_ID: __, ...env } = process.env;
  const { status, stderr } = spawnSync(process.execPath, ["bin/pulse.ts"], {
    encoding: "utf8",
    env: {
      ...env,
      NODE_OPTIONS: "",
      CDK_VALIDATION: String(rules === "all rules"),
      CDK_OUTDIR: out,
      CDK_CONTEXT_JSON: JSON.stringify({ ...context, ...WITHOUT_TRACES }),
    },
  });
  return { status, stderr };
}

const violations = (): string[] => {
  const { pluginReports } = JSON.parse(readFileSync(join(out, "validation-report.json"), "utf8"));
  return (pluginReports as PluginReport[]).flatMap(({ pluginName, violations }) =>
    violations.map(({ ruleName, description }) => `${pluginName} ${ruleName}: ${description}`),
  );
};

const WITH_ALL_THERE_IS = {
  stage: "prod",
  auth: "iam",
  alarmEmail: "ops@example.com",
  operatorRole: "arn:aws:iam::111122223333:role/operators",
  haproxyConfig: "test/deployed/haproxy.cfg",
  dashboards: "true",
};

describe("a deployment", () => {
  test("with all there is passes every rule of AwsSolutions, Serverless and CloudFormation, or says why not", () => {
    const { status } = synthesise(WITH_ALL_THERE_IS, "all rules");

    expect(violations()).toEqual([]);
    expect(status).toBe(0);
  }, 120_000);

  test.each([
    { stage: "dev", auth: "oidc", issuer: "https://login.example/", audience: "pulse" },
    { stage: "dev", auth: "none" },
  ])(
    "of %j passes every rule of AwsSolutions and Serverless, or says why not",
    (context) => {
      const { status } = synthesise(context, "all but CloudFormation's");

      expect(violations()).toEqual([]);
      expect(status).toBe(0);
    },
    120_000,
  );

  test("without auth is not made", () => {
    const { status, stderr } = synthesise({}, "all but CloudFormation's");

    expect(stderr).toContain("auth must be set");
    expect(status).not.toBe(0);
  });
});
