import type { Node } from "constructs";
import type { Auth } from "#lib/auth.ts";
import { readEventTypes } from "#lib/event-types-file.ts";
import { readHaproxyFormats } from "#lib/haproxy-formats.ts";
import type { PulseProps } from "#lib/pulse-stacks.ts";
import type { StageName } from "#lib/stage.ts";

const stageNames: Readonly<Record<string, StageName>> = { dev: "dev", prod: "prod" };

type Given = (key: string) => string | undefined;

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
  const given: Given = (key) => node.tryGetContext(key);
  const auth = given("auth");
  const openClusterUrl = given("openClusterUrl");
  const reinstall = given("reinstall");
  const operatorRoleArn = given("operatorRole");
  const alarmTopicArn = given("alarmTopic");
  const alarmEmail = given("alarmEmail");
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

/** A JSON file of context has truth values, a command line their names. */
function dashboardsFrom(given: unknown): boolean | string {
  const text = String(given);
  if (text === "true" || text === "false") return text === "true";
  if (/^https?:$/.test(URL.parse(text)?.protocol ?? "")) return text;
  throw new Error(`-c dashboards=${text}: it is true, false or the address of an OpenSearch Dashboards`);
}

const listOf = (list = ""): string[] => list.split(",").filter((item) => item !== "");

function choice<Choice>(key: string, given: string, choices: Readonly<Record<string, Choice>>): Choice {
  const chosen = choices[given];
  if (chosen === undefined || !Object.hasOwn(choices, given))
    throw new Error(`-c ${key}=${given}: it is one of ${Object.keys(choices).join(", ")}`);
  return chosen;
}
