import { describe, expect, test } from "@jest/globals";
import { App } from "aws-cdk-lib";
import { type Auth, requireAuth } from "#lib/auth.ts";
import { pulseContext } from "#lib/pulse-context.ts";

const contextOf = (context: Readonly<Record<string, string>>) => pulseContext(new App({ context }).node);

describe("auth", () => {
  test("is refused when missing, with a message that names the choices", () => {
    expect(() => requireAuth(undefined)).toThrow(/auth must be set.*kind: "iam".*kind: "none"/s);
  });

  test("is refused as oidc until there is an authorizer", () => {
    const oidc: Auth = { kind: "oidc", issuer: "https://login.example", audience: "pulse" };

    expect(() => requireAuth(oidc)).toThrow("https://login.example");
  });

  test("is open only to those who say what that means", () => {
    const careless = { kind: "none" } as Auth;

    expect(() => requireAuth(careless)).toThrow("iUnderstandThatAnyoneMayReadAndWrite");
  });

  test("has no default on the command line", () => {
    expect(contextOf({}).auth).toBeUndefined();
  });

  test("is chosen by name on the command line", () => {
    expect(contextOf({ auth: "iam" }).auth).toEqual({ kind: "iam" });
    expect(contextOf({ auth: "none" }).auth?.kind).toBe("none");
  });
});

describe("the context of a deployment", () => {
  test("refuses a value it does not know, and names those it does", () => {
    expect(() => contextOf({ auth: "nobody" })).toThrow("-c auth=nobody: it is one of iam, none");
    expect(() => contextOf({ stage: "staging" })).toThrow("-c stage=staging: it is one of dev, prod");
    expect(() => contextOf({ stage: "constructor" })).toThrow("it is one of dev, prod");
  });

  test("splits namespaces at commas", () => {
    expect(contextOf({ namespaces: "blue,green" }).namespaces).toEqual(["blue", "green"]);
    expect(contextOf({}).namespaces).toEqual([]);
  });
});
