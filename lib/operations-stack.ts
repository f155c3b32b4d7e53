import { CfnOutput, Stack, type StackProps, Validations } from "aws-cdk-lib";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import { ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { type ITopic, Topic } from "aws-cdk-lib/aws-sns";
import { EmailSubscription } from "aws-cdk-lib/aws-sns-subscriptions";
import type { Construct } from "constructs";
import type { ApiStack } from "#lib/api-stack.ts";
import type { ArtifactsStack } from "#lib/artifacts-stack.ts";
import { watchApi } from "#lib/constructs/api-alarms.ts";
import { watchChanges, watchConsumer } from "#lib/constructs/consumer-alarms.ts";
import { watchDashboards } from "#lib/constructs/dashboards-alarm.ts";
import { watchDomain } from "#lib/constructs/domain-alarms.ts";
import { watchJournal } from "#lib/constructs/journal-alarms.ts";
import { watchLogLines } from "#lib/constructs/log-lines-alarm.ts";
import { OperationsDashboard } from "#lib/constructs/operations-dashboard.ts";
import { RunbookAlarms } from "#lib/constructs/runbook-alarms.ts";
import { watchTriggers } from "#lib/constructs/trigger-alarms.ts";
import { UpdatedDashboards, type UpdatedDashboardsProps } from "#lib/constructs/updated-dashboards.ts";
import { watchWorkflows } from "#lib/constructs/workflow-alarms.ts";
import type { IndexingStack } from "#lib/indexing-stack.ts";
import type { JournalStack } from "#lib/journal-stack.ts";
import { type StageName, stages } from "#lib/stage.ts";
import type { StoreStack } from "#lib/store-stack.ts";
import type { TriggersStack } from "#lib/triggers-stack.ts";
import type { WorkflowsStack } from "#lib/workflows-stack.ts";

/** Who is told of alarms. */
export interface AlarmRecipients {
  /** The ARN of an SNS topic that is there already, and that CloudWatch may publish to. @default - a topic is made */
  readonly alarmTopicArn?: string;
  /** An address that is asked to confirm, and then gets a mail of each alarm. @default - none */
  readonly alarmEmail?: string;
}

export interface OperationsStackProps extends StackProps, AlarmRecipients {
  readonly stageName: StageName;
  readonly store: StoreStack;
  readonly journal: JournalStack;
  readonly indexing: IndexingStack;
  readonly artifacts: ArtifactsStack;
  readonly api: ApiStack;
  readonly triggers: TriggersStack;
  /** Dashboards for gateways in OpenSearch Dashboards. @default - none are made */
  readonly dashboards?: Omit<UpdatedDashboardsProps, "stage" | "index" | "artifacts">;
  readonly workflows: WorkflowsStack;
}

/** What an operator looks at: alarms, each with its page in docs/runbook.md, and a dashboard. */
export class OperationsStack extends Stack {
  constructor(scope: Construct, id: string, props: OperationsStackProps) {
    super(scope, id, { description: "Pulse: alarms and the dashboard", ...props });
    const { stageName, store, journal, indexing, artifacts, api, workflows, triggers } = props;
    const stage = stages[stageName];
    const consumers = [indexing.events, indexing.haproxyLogs];
    const topic = this.topicFor(props);
    const alarms = new RunbookAlarms(this, "Alarms", { prefix: `Pulse-${stageName}`, action: new SnsAction(topic) });
    for (const consumer of consumers) watchConsumer(alarms, consumer);
    watchChanges(alarms, artifacts.changes);
    watchConsumer(alarms, triggers.consumer, "what events start is started late");
    watchTriggers(alarms, triggers);
    watchLogLines(alarms, indexing.haproxyLogs, workflows.measureMetrics);
    watchJournal(alarms, {
      events: journal.events,
      haproxyLogs: journal.haproxyLogs,
      deliveries: journal.archive.deliveries,
    });
    if (store.index.domain !== undefined) watchDomain(alarms, store.index.domain, stage.domain);
    watchApi(alarms, {
      stage: api.rest.deploymentStage,
      functions: api.functions,
      consumers: [...consumers, artifacts.changes].map(({ fn }) => fn),
      openStreams: stage.openStreams,
    });
    if (props.dashboards !== undefined) {
      const watched = { index: store.index, artifacts: store.artifacts };
      const { fn } = new UpdatedDashboards(this, "Dashboards", { stage, ...watched, ...props.dashboards });
      watchDashboards(alarms, fn);
    }
    watchWorkflows(alarms, workflows);
    new OperationsDashboard(this, "Dashboard", {
      dashboardName: `Pulse-${stageName}`,
      journal,
      indexing,
      artifacts,
      api,
    });
    new CfnOutput(this, "AlarmTopic", { value: topic.topicArn });
  }

  private topicFor({ alarmTopicArn, alarmEmail }: AlarmRecipients): ITopic {
    const topic = alarmTopicArn === undefined ? this.ownTopic() : Topic.fromTopicArn(this, "Topic", alarmTopicArn);
    if (alarmEmail !== undefined) {
      const subscription = topic.addSubscription(new EmailSubscription(alarmEmail));
      Validations.of(subscription).acknowledge({
        id: "Serverless-SNSRedrivePolicy",
        reason: "A mail that cannot be delivered is of no use later: the alarm's state stays in CloudWatch.",
      });
    }
    return topic;
  }

  private ownTopic(): ITopic {
    const topic = new Topic(this, "Topic", { displayName: this.stackName, enforceSSL: true });
    // Its policy replaces the one that SNS gives a topic, by which alarms of the account could publish.
    topic.grantPublish(
      new ServicePrincipal("cloudwatch.amazonaws.com", {
        conditions: { StringEquals: { "aws:SourceAccount": this.account } },
      }),
    );
    return topic;
  }
}
