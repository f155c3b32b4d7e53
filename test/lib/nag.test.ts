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

/**
 * Synthesises as `cdk synth` does, without credentials of any account. `.ci/run` does so for a deployment with all there
 * is, with CloudFormation's own rules, which take 10 of 14 s.
 */
function synthesise(context: Readonly<Record<string, string>>) {
  const { AWS_PROFILE: _, AWS_ACCESS_KEY_ID: __, ...env } = process.env;
  const { status, stderr } = spawnSync(process.execPath, ["bin/pulse.ts"], {
    encoding: "utf8",
    env: {
      ...env,
      NODE_OPTIONS: "",
      CDK_VALIDATION: "false",
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

describe("a deployment", () => {
  test.each([
    { stage: "dev", auth: "oidc", issuer: "https://login.example/", audience: "pulse" },
    { stage: "dev", auth: "none" },
  ])(
    "of %j passes every rule of AwsSolutions and Serverless, or says why not",
    (context) => {
      const { status } = synthesise(context);

      expect(violations()).toEqual([]);
      expect(status).toBe(0);
    },
    120_000,
  );

  test("without auth is not made", () => {
    const { status, stderr } = synthesise({});

    expect(stderr).toContain("auth must be set");
    expect(status).not.toBe(0);
  });
});
