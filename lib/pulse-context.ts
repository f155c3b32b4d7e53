import type { Node } from "constructs";
import { nearest } from "#core/nearest.ts";
import type { Auth } from "#lib/auth.ts";
import { readEventTypes } from "#lib/event-types-file.ts";
import { readHaproxyFormats } from "#lib/haproxy-formats.ts";
import type { PulseProps } from "#lib/pulse-stacks.ts";
import type { StageName } from "#lib/stage.ts";

const stageNames: Readonly<Record<string, StageName>> = { dev: "dev", prod: "prod" };

const KEYS = [
  "stage",
  "auth",
  "issuer",
  "audience",
  "readScope",
  "writeScope",
  "declareScope",
  "namespaces",
  "openClusterUrl",
  "alarmEmail",
  "alarmTopic",
  "operatorRole",
  "haproxyConfig",
  "haproxyZone",
  "eventTypes",
  "reinstall",
  "webhookNetworks",
  "triggerBuses",
  "triggerFunctions",
  "dashboards",
] as const;
type ContextKey = (typeof KEYS)[number];
type Given = (key: ContextKey) => string | undefined;

const auths: Readonly<Record<string, (given: Given) => Auth>> = {
  iam: () => ({ kind: "iam" }),
  oidc: (given) => {
    const readScope = given("readScope");
    const writeScope = given("writeScope");
    const declareScope = given("declareScope");
    return {
      kind: "oidc",
      issuer: given("issuer") ?? "",
      audience: given("audience") ?? "",
      ...(readScope !== undefined && { readScope }),
      ...(writeScope !== undefined && { writeScope }),
      ...(declareScope !== undefined && { declareScope }),
    };
  },
  none: () => ({ kind: "none", iUnderstandThatAnyoneMayReadAndWrite: true }),
};

/** What `cdk … -c <setting>=<value>` asks for. docs/deploying.md says what each setting means. */
export function pulseContext(node: Node): PulseProps {
  refuseMisspelt(node);
  // A command line gives text; cdk.json may have lists, truth values and numbers.
  const given: Given = (key) => {
    const value: unknown = node.tryGetContext(key);
    return value === undefined || value === null ? undefined : String(value);
  };
  const auth = given("auth");
  const reinstall = given("reinstall");
  const openClusterUrl = fitting(given, "openClusterUrl", /^https?:\/\/\S+$/, "the address of an OpenSearch");
  const operatorRoleArn = fitting(
    given,
    "operatorRole",
    /^arn:[\w-]+:iam::\d{12}:role\/\S+$/,
    "the ARN of an IAM role",
  );
  const alarmTopicArn = fitting(given, "alarmTopic", /^arn:[\w-]+:sns:[\w-]+:\d{12}:\S+$/, "the ARN of an SNS topic");
  const alarmEmail = fitting(given, "alarmEmail", /^[^\s@,]+@[^\s@,]+$/, "one address of mail");
  const haproxyZone = given("haproxyZone");
  const dashboards = given("dashboards");
  const eventTypes = given("eventTypes");
  return {
    stageName: choice("stage", given("stage") ?? "dev", stageNames),
    auth: auth === undefined ? undefined : choice("auth", auth, auths)(given),
    namespaces: listOf(given("namespaces")),
    triggerTargets: {
      networks: listOf(given("webhookNetworks")),
      buses: listOf(given("triggerBuses")),
      functions: listOf(given("triggerFunctions")),
    },
    haproxyFormats: readHaproxyFormats(node.root, listOf(given("haproxyConfig"))),
    ...(eventTypes !== undefined && { eventTypes: readEventTypes(eventTypes) }),
    ...(haproxyZone !== undefined && { haproxyZone }),
    ...(openClusterUrl !== undefined && { openClusterUrl }),
    ...(reinstall !== undefined && { reinstall }),
    ...(operatorRoleArn !== undefined && { operatorRoleArn }),
    ...(alarmTopicArn !== undefined && { alarmTopicArn }),
    ...(alarmEmail !== undefined && { alarmEmail }),
    ...(dashboards !== undefined && { dashboards: dashboardsFrom(dashboards) }),
  };
}

function dashboardsFrom(text: string): boolean | string {
  if (text === "true" || text === "false") return text === "true";
  if (/^https?:$/.test(URL.parse(text)?.protocol ?? "")) return text;
  throw new Error(`-c dashboards=${text}: it is true, false or the address of an OpenSearch Dashboards`);
}

const listOf = (list = ""): string[] =>
  list
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");

function fitting(given: Given, key: ContextKey, pattern: RegExp, what: string): string | undefined {
  const text = given(key);
  if (text !== undefined && !pattern.test(text)) throw new Error(`-c ${key}=${text}: it is ${what}`);
  return text;
}

/** A key that nobody asks for would make another deployment: `-c stge=prod` one whose data goes with its stacks. */
function refuseMisspelt(node: Node): void {
  const faults = Object.keys(node.getAllContext()).flatMap((key) => {
    const meant = KEYS.some((known) => known === key) ? undefined : nearest(key, KEYS);
    return meant === undefined ? [] : [`-c ${key} is not known: is ${meant} meant?`];
  });
  if (faults.length > 0) throw new Error(`${faults.join(" ")} There are ${KEYS.join(", ")}`);
}

function choice<Choice>(key: string, given: string, choices: Readonly<Record<string, Choice>>): Choice {
  const chosen = choices[given];
  if (chosen === undefined || !Object.hasOwn(choices, given))
    throw new Error(`-c ${key}=${given}: it is one of ${Object.keys(choices).join(", ")}`);
  return chosen;
}
