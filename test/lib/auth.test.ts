import { describe, expect, test } from "@jest/globals";
import { App, Lazy } from "aws-cdk-lib";
import { type Auth, requireAuth } from "#lib/auth.ts";
import { pulseContext } from "#lib/pulse-context.ts";

const contextOf = (context: Readonly<Record<string, string>>) => pulseContext(new App({ context }).node);

describe("auth", () => {
  test("is refused when missing, with a message that names the choices", () => {
    expect(() => requireAuth(undefined)).toThrow(/auth must be set.*auth=iam.*auth=oidc.*auth=none/s);
  });

  test("is refused as oidc without an issuer that has an https address, or without an audience", () => {
    const oidc = { kind: "oidc", issuer: "https://login.example/pool", audience: "pulse" } as const;

    expect(requireAuth(oidc)).toBe(oidc);
    for (const issuer of ["", "login.example", "http://login.example", "https://login.example/?tenant=a"])
      expect(() => requireAuth({ ...oidc, issuer })).toThrow(`an issuer, not ${JSON.stringify(issuer)}`);
    expect(() => requireAuth({ ...oidc, audience: "" })).toThrow("needs the audience");
  });

  test("takes an issuer that is known only when it is deployed", () => {
    const issuer = Lazy.string({ produce: () => "https://login.example" });

    expect(() => requireAuth({ kind: "oidc", issuer, audience: "pulse" })).not.toThrow();
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
    expect(
      contextOf({
        auth: "oidc",
        issuer: "https://login.example",
        audience: "pulse",
        readScope: "read",
        declareScope: "own",
      }).auth,
    ).toEqual({
      kind: "oidc",
      issuer: "https://login.example",
      audience: "pulse",
      readScope: "read",
      declareScope: "own",
    });
  });
});

describe("the context of a deployment", () => {
  test("refuses a value it does not know, and names those it does", () => {
    expect(() => contextOf({ auth: "nobody" })).toThrow("-c auth=nobody: it is one of iam, oidc, none");
    expect(() => contextOf({ stage: "staging" })).toThrow("-c stage=staging: it is one of dev, prod");
    expect(() => contextOf({ stage: "constructor" })).toThrow("it is one of dev, prod");
  });

  test("splits namespaces at commas", () => {
    expect(contextOf({ namespaces: "blue,green" }).namespaces).toEqual(["blue", "green"]);
    expect(contextOf({}).namespaces).toEqual([]);
  });
});
