import { Duration } from "aws-cdk-lib";
import { Dashboard, GraphWidget, type IMetric, Stats } from "aws-cdk-lib/aws-cloudwatch";
import type { Construct } from "constructs";
import type { ApiStack } from "#lib/api-stack.ts";
import type { ArtifactsStack } from "#lib/artifacts-stack.ts";
import { deadLettersMetric, ownMetric } from "#lib/constructs/consumer-alarms.ts";
import { archiveAgeMetric } from "#lib/constructs/journal-alarms.ts";
import type { StreamFollower } from "#lib/constructs/journal-consumer.ts";
import type { IndexingStack } from "#lib/indexing-stack.ts";
import type { JournalStack } from "#lib/journal-stack.ts";

export interface OperationsDashboardProps {
  readonly dashboardName: string;
  readonly journal: JournalStack;
  readonly indexing: IndexingStack;
  readonly artifacts: ArtifactsStack;
  readonly api: ApiStack;
}

const P99 = Stats.p(99);

/** What is asked first when something is wrong: does it come in, does it get through, how late, how slow. */
export class OperationsDashboard extends Dashboard {
  constructor(scope: Construct, id: string, props: OperationsDashboardProps) {
    const { dashboardName, journal, indexing, artifacts, api } = props;
    super(scope, id, { dashboardName, defaultInterval: Duration.hours(3) });
    const stage = api.rest.deploymentStage;
    const { "stream-events": streamEvents, "describe-api": _, ...timed } = api.functions;
    const { haproxyLogs } = indexing;
    const consumers = [indexing.events, haproxyLogs];
    const followers = [...consumers, artifacts.changes];
    const ofEach = (metricOf: (follower: StreamFollower) => IMetric) => consumers.map(metricOf);
    const ofAll = (metricOf: (follower: StreamFollower) => IMetric) => followers.map(metricOf);
    this.addWidgets(
      graph("Requests and 5xx", [stage.metricCount(), stage.metricServerError({ statistic: Stats.SUM })]),
      graph("Accepted: records in the journal", [
        journal.events.metricIncomingRecords({ statistic: Stats.SUM, label: "events" }),
        journal.haproxyLogs.metricIncomingRecords({ statistic: Stats.SUM, label: "haproxy-logs" }),
      ]),
      graph(
        "Indexed: events that can be read",
        ofEach((consumer) => ownMetric(consumer, "EventsKept", Stats.SUM)),
      ),
      graph("Dead letters", ofAll(deadLettersMetric)),
    );
    this.addWidgets(
      graph(
        "Iterator age",
        ofAll(({ fn }) => fn.metric("IteratorAge", { statistic: Stats.MAXIMUM, label: fn.folder })),
      ),
      graph(
        "From the journal to readable, p99",
        ofEach((consumer) => ownMetric(consumer, "IndexingLag", P99)),
      ),
      graph(
        "Batches that came again",
        ofAll((consumer) => ownMetric(consumer, "BatchesReturned", Stats.SUM)),
      ),
      graph("Age of what is not archived", [...journal.archive.deliveries.values()].map(archiveAgeMetric)),
    );
    this.addWidgets(
      graph(
        "p99 of answers",
        Object.values(timed).map((fn) => fn.metricDuration({ statistic: P99, label: fn.folder })),
      ),
      graph("Streams open", [
        streamEvents.metric("ConcurrentExecutions", {
          period: Duration.minutes(1),
          statistic: Stats.MAXIMUM,
          label: "streams",
        }),
      ]),
      graph(
        "Log lines, and those in no known format",
        (["LogLines", "LinesUnparsed"] as const).map((name) =>
          ownMetric(haproxyLogs, name, Stats.SUM).with({ label: name }),
        ),
      ),
      graph("From a gateway to readable, p99", [ownMetric(haproxyLogs, "LineLag", P99)]),
    );
  }
}

const graph = (title: string, left: IMetric[]): GraphWidget =>
  new GraphWidget({ title, left, width: 6, leftYAxis: { min: 0 } });
