import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { App } from "aws-cdk-lib";
import { pulseContext } from "#lib/pulse-context.ts";

const contextOf = (context: Readonly<Record<string, unknown>>) => pulseContext(new App({ context }).node);

describe("the settings of a deployment", () => {
  test("are refused where one is misspelt, each with the one that is meant, and all that there are", () => {
    const misspelt = { auth: "iam", stge: "prod", alarm_email: "ops@example.com", namespace: "a" };

    expect(() => contextOf(misspelt)).toThrow(
      "-c stge is not known: is stage meant? -c alarm_email is not known: is alarmEmail meant? " +
        "-c namespace is not known: is namespaces meant? There are stage, auth, ",
    );
  });

  test("stand beside those of CDK and of other apps", () => {
    const others = { "@aws-cdk/core:defaultCrossStackReferences": "strong", "availability-zones": [], team: "shop" };

    expect(contextOf({ ...others, auth: "iam" }).auth).toEqual({ kind: "iam" });
  });

  test("may be lists and truth values, as a file of context has them", () => {
    const { namespaces, dashboards, reinstall, triggerTargets } = contextOf({
      namespaces: ["team-a", "team-b"],
      triggerBuses: "one, other",
      dashboards: true,
      reinstall: 2,
    });

    expect({ namespaces, dashboards, reinstall }).toEqual({
      namespaces: ["team-a", "team-b"],
      dashboards: true,
      reinstall: "2",
    });
    expect(triggerTargets?.buses).toEqual(["one", "other"]);
  });

  test.each([
    ["alarmEmail", "ops", "one address of mail"],
    ["alarmTopic", "my-topic", "the ARN of an SNS topic"],
    ["operatorRole", "operators", "the ARN of an IAM role"],
    ["openClusterUrl", "localhost:9200", "the address of an OpenSearch"],
  ])("are refused where %s is %s", (key, given, what) => {
    expect(() => contextOf({ auth: "iam", [key]: given })).toThrow(`-c ${key}=${given}: it is ${what}`);
  });

  test("all stand in docs/deploying.md, and no others", () => {
    const page = readFileSync(join(import.meta.dirname, "..", "..", "docs", "deploying.md"), "utf8");
    const rows = [...page.matchAll(/^\| ((?:`\w+`(?:, )?)+) \| .+ \| .+ \|$/gm)].map(([, names]) => names as string);
    const documented = rows.flatMap((names) => [...names.matchAll(/\w+/g)].map(([name]) => name));

    const known = /There are (.+)$/.exec(messageOf(() => contextOf({ stages: "dev" })))?.[1]?.split(", ");

    expect(documented.sort()).toEqual(known?.sort());
  });
});

function messageOf(action: () => unknown): string {
  try {
    action();
    return "";
  } catch (error) {
    return (error as Error).message;
  }
}
