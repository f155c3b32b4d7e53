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

/**
 * What `cdk … -c stage=dev -c auth=iam -c namespaces=a,b -c openClusterUrl=http://…` asks for; the stage is `dev` if
 * unsaid. `-c auth=oidc -c issuer=https://… -c audience=…` verifies tokens, of `-c readScope=… -c writeScope=… -c
 * declareScope=…` where they are not `events:read`, `events:write` and `events:declare`. `-c alarmEmail=…` or `-c
 * alarmTopic=arn:…` says who is told of alarms, `-c operatorRole=arn:…` who may look into OpenSearch. `-c
 * haproxyConfig=a.cfg,b.cfg` names configurations of gateways whose log-formats are to be known, `-c
 * haproxyZone=Europe/Berlin` their clocks' zone. `-c reinstall=<word>` installs every index template again, `-c
 * eventTypes=types.json` declares types. `-c webhookNetworks=10.1.0.0/16 -c triggerBuses=… -c triggerFunctions=…` says
 * where triggers may deliver to besides the internet and their own bus. `-c dashboards=true` draws dashboards in the
 * domain's OpenSearch Dashboards, `-c dashboards=http://…` in another.
 */
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
