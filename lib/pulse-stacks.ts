import type { Construct } from "constructs";
import { type EventTypeDeclaration, isEventType } from "#core/events/types/event-types.ts";
import type { KnownFormat } from "#core/haproxy/parser/haproxy-parser.ts";
import { isZone } from "#core/haproxy/parser/local-time.ts";
import { isNamespace } from "#core/namespaces.ts";
import { ApiStack } from "#lib/api-stack.ts";
import { ArtifactsStack } from "#lib/artifacts-stack.ts";
import type { Auth } from "#lib/auth.ts";
import { withFormatFields } from "#lib/haproxy-formats.ts";
import { IndexingStack } from "#lib/indexing-stack.ts";
import { JournalStack } from "#lib/journal-stack.ts";
import { type AlarmRecipients, OperationsStack } from "#lib/operations-stack.ts";
import { type StageName, stages } from "#lib/stage.ts";
import { StoreStack } from "#lib/store-stack.ts";
import { requireTriggerTargets, type TriggerTargets } from "#lib/trigger-targets.ts";
import { TriggersStack } from "#lib/triggers-stack.ts";
import { VIEW_WINDOW, WorkflowsStack } from "#lib/workflows-stack.ts";

export interface PulseProps extends AlarmRecipients {
  readonly stageName: StageName;
  /** Who may call. There is no default: a deployment without it is refused. */
  readonly auth: Auth | undefined;
  /** Namespaces besides `default`. @default - none */
  readonly namespaces?: readonly string[];
  /** The types that get an index template of their own, the default ones too. @default - the default ones alone */
  readonly eventTypes?: readonly EventTypeDeclaration[];
  /**
   * The log-formats of gateways, besides those that HAProxy has by itself: see `readHaproxyFormats`. @default - none
   */
  readonly haproxyFormats?: readonly KnownFormat[];
  /** Of the clocks of gateways whose log lines come without their zone. @default - UTC */
  readonly haproxyZone?: string;
  /** Where triggers may deliver to besides. @default - receivers in the internet, and the bus of the deployment */
  readonly triggerTargets?: TriggerTargets;
  /** A word that was not given before has every index template installed again. @default - those that changed */
  readonly reinstall?: string;
  /** An OpenSearch that needs no credentials, used as it is. @default - a domain is made */
  readonly openClusterUrl?: string;
  /**
   * The IAM role that operators take on, to look into OpenSearch and to replay. @default - nobody but functions gets in
   */
  readonly operatorRoleArn?: string;
  /**
   * Dashboards for every gateway and deployment, in the domain's OpenSearch Dashboards, or in the one at this address.
   * @default - none are made
   */
  readonly dashboards?: boolean | string;
}

/** One deployment of Pulse: what holds data (store, journal) apart from what can be made anew at any time. */
export interface PulseStacks {
  readonly store: StoreStack;
  readonly journal: JournalStack;
  readonly indexing: IndexingStack;
  readonly artifacts: ArtifactsStack;
  readonly api: ApiStack;
  readonly workflows: WorkflowsStack;
  readonly triggers: TriggersStack;
  readonly operations: OperationsStack;
}

export function pulseStacks(scope: Construct, props: PulseProps): PulseStacks {
  const { stageName, auth, namespaces = [], reinstall, openClusterUrl, operatorRoleArn } = props;
  const { dashboards = false } = props;
  const { haproxyFormats = [], haproxyZone, triggerTargets = {}, alarmTopicArn, alarmEmail } = props;
  const eventTypes = withFormatFields(haproxyFormats, props.eventTypes);
  for (const name of namespaces)
    if (!isNamespace(name)) throw new Error(`${JSON.stringify(name)} cannot be a namespace: 1 to 40 of a-z, 0-9 and -`);
  if (haproxyZone !== undefined && !isZone(haproxyZone))
    throw new Error(`${JSON.stringify(haproxyZone)} is no time zone: it is one like Europe/Berlin, +02:00 or UTC`);
  // Types are told apart without case, and indices named in lower case: another name would be nobody's.
  for (const { name } of eventTypes)
    if (!isEventType(name) || name !== name.toLowerCase())
      throw new Error(`${JSON.stringify(name)} cannot be a declared type: 1 to 100 of a-z, 0-9, _ and -`);
  requireTriggerTargets(triggerTargets);
  const stage = stages[stageName];
  const id = (name: string): string => `Pulse-${stageName}-${name}`;
  const store = new StoreStack(scope, id("Store"), {
    stage,
    domainName: `pulse-${stageName}`,
    ...(openClusterUrl !== undefined && { openClusterUrl }),
    ...(operatorRoleArn !== undefined && { operatorRoleArn }),
  });
  const journal = new JournalStack(scope, id("Journal"), { stage });
  const { index, artifacts, keys, apiKeys } = store;
  const indexing = new IndexingStack(scope, id("Indexing"), {
    stage,
    index,
    journal,
    eventTypes,
    haproxyFormats,
    ...(reinstall !== undefined && { reinstall }),
  });
  const publishing = new ArtifactsStack(scope, id("Artifacts"), { stage, artifacts, journal });
  const api = new ApiStack(scope, id("Api"), {
    stageName,
    auth,
    namespaces,
    index,
    artifacts,
    keys,
    apiKeys,
    journal,
    viewWindow: VIEW_WINDOW,
    eventTypes,
    haproxyFormats,
    triggerTargets,
    ...(haproxyZone !== undefined && { haproxyZone }),
  });
  // A query needs the checkpoints, whose index comes with its template.
  api.addStackDependency(indexing);
  const workflows = new WorkflowsStack(scope, id("Workflows"), {
    stage,
    namespaces,
    index,
    artifacts,
    journal,
    eventTypes,
  });
  // What is measured is told by lines and kept as events: their templates come first.
  workflows.addStackDependency(indexing);
  const triggers = new TriggersStack(scope, id("Triggers"), {
    stage,
    namespaces,
    artifacts,
    journal,
    targets: triggerTargets,
  });
  const operations = new OperationsStack(scope, id("Operations"), {
    stageName,
    store,
    journal,
    indexing,
    artifacts: publishing,
    api,
    triggers,
    ...(dashboards !== false && {
      dashboards: { namespaces, eventTypes, ...(dashboards !== true && { dashboardsUrl: dashboards }) },
    }),
    workflows,
    ...(alarmTopicArn !== undefined && { alarmTopicArn }),
    ...(alarmEmail !== undefined && { alarmEmail }),
  });
  return { store, journal, indexing, artifacts: publishing, api, workflows, triggers, operations };
}
