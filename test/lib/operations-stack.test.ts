import { describe, expect, test } from "@jest/globals";
import { Match, type Template } from "aws-cdk-lib/assertions";
import { METRIC_NAMESPACE } from "#functions/shared/metrics.ts";
import { stages } from "#lib/stage.ts";
import { deployment, type Resource, resourcesOf } from "#test/lib/deployment.ts";

const ALARM = "AWS::CloudWatch::Alarm";
const { operations, indexing } = deployment();
const { operations: prod } = deployment({ stageName: "prod" });

const alarmsOf = (template: Template): readonly Resource[] => Object.values(resourcesOf(template, ALARM));
const nameOf = ({ Properties }: Resource): string => Properties.AlarmName as string;

function alarmNamed(template: Template, name: string): Resource["Properties"] {
  const alarm = alarmsOf(template).find((one) => nameOf(one) === name);
  if (alarm === undefined) throw new Error(`no alarm ${name} among ${alarmsOf(template).map(nameOf).join(", ")}`);
  return alarm.Properties;
}

describe("every consumer of the journal", () => {
  const mappings = Object.values(resourcesOf(indexing, "AWS::Lambda::EventSourceMapping"));

  test.each(["IndexEvents", "IndexHaproxyLogs"])(
    "%s has alarms for lag, standing still, failing, dead letters and loss",
    (id) => {
      expect(mappings).toHaveLength(2);
      expect(alarmsOf(operations).map(nameOf)).toEqual(
        expect.arrayContaining(
          ["Behind", "Stopped", "Failing", "DeadLetters", "Loss"].map((what) => `Pulse-dev-${id}${what}`),
        ),
      );
    },
  );

  test("is behind when its iterator is minutes old, long before its stream forgets anything", () => {
    const { MetricName, Threshold } = alarmNamed(operations, "Pulse-dev-IndexEventsBehind");

    expect(MetricName).toBe("IteratorAge");
    expect(Threshold).toBeLessThan(stages.dev.journalRetention.toMilliseconds() / 100);
  });

  test("tells of dead letters of both kinds: its own, and what Lambda put aside for it", () => {
    const { Metrics, Threshold } = alarmNamed(operations, "Pulse-dev-IndexEventsDeadLetters");
    const metrics = JSON.stringify(Metrics);

    expect(metrics).toContain(`"Namespace":"${METRIC_NAMESPACE}"`);
    expect(metrics).toContain('"MetricName":"DeadLetters"');
    expect(metrics).toContain('"MetricName":"OnFailureDestinationDeliveredEventCount"');
    expect(Threshold).toBe(1);
  });

  test("has Lambda count what it gives up", () => {
    for (const { Properties } of mappings) expect(Properties.MetricsConfig).toEqual({ Metrics: ["EventCount"] });
  });
});

describe("log lines", () => {
  test("that cannot be read are told as a share of all, not one by one", () => {
    const { Metrics, Threshold } = alarmNamed(operations, "Pulse-dev-LinesUnparsed");

    expect(JSON.stringify(Metrics)).toMatch(/IF\(FILL\(unparsed, 0\) >= \d+, 100 \* unparsed \/ lines, 0\)/);
    expect(JSON.stringify(Metrics)).toContain('"MetricName":"LinesUnparsed"');
    expect(JSON.stringify(Metrics)).toContain('"MetricName":"LogLines"');
    expect(Threshold).toBeLessThanOrEqual(5);
  });

  test("that come too late to be measured are told as a share of all, by the function that measures them", () => {
    const { Metrics, Threshold } = alarmNamed(operations, "Pulse-dev-LinesLate");
    const late = (Metrics as { MetricStat?: { Metric: { MetricName: string; Dimensions: object[] } } }[])
      .map(({ MetricStat }) => MetricStat?.Metric)
      .find((metric) => metric?.MetricName === "LinesLate");

    expect(JSON.stringify(late?.Dimensions)).toMatch(/"Name":"FunctionName".*MeasureMetrics/);
    expect(JSON.stringify(Metrics)).toMatch(
      /IF\(FILL\(late, 0\) >= \d+, 100 \* late \/ \(late \+ FILL\(lines, 0\)\), 0\)/,
    );
    expect(Threshold).toBeLessThanOrEqual(5);
  });

  test("have alarms of their own where their stream takes too little, or is not archived", () => {
    expect(alarmsOf(operations).map(nameOf)).toEqual(
      expect.arrayContaining(["Pulse-dev-HaproxyLogsThrottled", "Pulse-dev-ArchiveBehind-haproxy-logs"]),
    );
  });
});

describe("the API", () => {
  test.each(["ApiFailing", "StreamUrlFailing"])(
    "%s tells of a share of 5xx, not of one failure in the night",
    (name) => {
      const { Metrics } = alarmNamed(operations, `Pulse-dev-${name}`);

      expect(JSON.stringify(Metrics)).toMatch(/IF\(FILL\(failed, 0\) >= \d+, 100 \* failed \/ requests, 0\)/);
      expect(JSON.stringify(Metrics)).toMatch(/5XXError|Url5xxCount/);
    },
  );

  test("is watched by the names that its metrics go by, which are its deployment's own", () => {
    const metrics = JSON.stringify(alarmNamed(operations, "Pulse-dev-ApiFailing").Metrics);

    expect(metrics).toContain('{"Name":"ApiName","Value":"pulse-dev"}');
    expect(metrics).toContain('"Name":"Stage"');
  });

  test.each([
    ["dev", operations],
    ["prod", prod],
  ] as const)("in %s says that streams run out before they have", (stage, template) => {
    const { Threshold, MetricName } = alarmNamed(template, `Pulse-${stage}-StreamsFull`);

    expect(MetricName).toBe("ConcurrentExecutions");
    expect(Threshold).toBeLessThanOrEqual(stages[stage].openStreams);
    expect(Threshold).toBeGreaterThan(stages[stage].openStreams / 2);
  });
});

describe("the domain", () => {
  test.each([
    ["dev", operations],
    ["prod", prod],
  ] as const)(
    "of %s is reported before it blocks writes, which it does at a fifth of its volume",
    (stage, template) => {
      const { Threshold, ComparisonOperator } = alarmNamed(template, `Pulse-${stage}-StoreSpace`);
      const volumeMib = stages[stage].domain.volumeGib * 1024;

      expect(ComparisonOperator).toBe("LessThanOrEqualToThreshold");
      expect(Threshold).toBeGreaterThan(volumeMib / 5);
      expect(Threshold).toBeLessThan(volumeMib / 2);
    },
  );

  test("that reports nothing is taken for a red one", () => {
    expect(alarmNamed(operations, "Pulse-dev-StoreRed").TreatMissingData).toBe("breaching");
  });

  test("is not watched where it is not ours", () => {
    const { operations: without } = deployment({ openClusterUrl: "http://search.example:9200" });

    expect(
      alarmsOf(without)
        .map(nameOf)
        .filter((name) => name.includes("Store")),
    ).toEqual([]);
    expect(alarmsOf(without).length).toBeGreaterThan(5);
  });
});

describe("alarms", () => {
  test("say how they take missing figures, each of them", () => {
    for (const { Properties } of alarmsOf(operations))
      expect(["breaching", "notBreaching"]).toContain(Properties.TreatMissingData);
  });

  test("tell the topic when something is wrong, and when it is over", () => {
    const [topic] = Object.keys(resourcesOf(operations, "AWS::SNS::Topic"));

    for (const { Properties } of alarmsOf(operations)) {
      expect(Properties.AlarmActions).toEqual([{ Ref: topic }]);
      expect(Properties.OKActions).toEqual([{ Ref: topic }]);
    }
  });

  test("may publish to the topic, which takes nothing that is not encrypted on its way", () => {
    operations.hasResourceProperties("AWS::SNS::TopicPolicy", {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({ Effect: "Deny", Condition: { Bool: { "aws:SecureTransport": "false" } } }),
          Match.objectLike({
            Effect: "Allow",
            Action: "sns:Publish",
            Principal: { Service: "cloudwatch.amazonaws.com" },
            Condition: { StringEquals: { "aws:SourceAccount": { Ref: "AWS::AccountId" } } },
          }),
        ]),
      },
    });
  });

  test("tell a topic that is there already, and then none is made", () => {
    const alarmTopicArn = "arn:aws:sns:eu-central-1:111122223333:on-call";
    const { operations: given } = deployment({ alarmTopicArn });

    expect(resourcesOf(given, "AWS::SNS::Topic")).toEqual({});
    for (const { Properties } of alarmsOf(given)) expect(Properties.AlarmActions).toEqual([alarmTopicArn]);
  });

  test("are mailed to whoever is named, and to nobody otherwise", () => {
    const { operations: mailed } = deployment({ alarmEmail: "ops@example.com" });

    mailed.hasResourceProperties("AWS::SNS::Subscription", { Protocol: "email", Endpoint: "ops@example.com" });
    expect(resourcesOf(operations, "AWS::SNS::Subscription")).toEqual({});
  });

  test("are of plain metrics, which every account and emulator has", () => {
    expect(resourcesOf(operations, "AWS::CloudWatch::CompositeAlarm")).toEqual({});
    expect(resourcesOf(operations, "AWS::CloudWatch::AnomalyDetector")).toEqual({});
  });
});

describe("the dashboard", () => {
  test("shows what is accepted, indexed, late, put aside, slow and open", () => {
    operations.hasResourceProperties("AWS::CloudWatch::Dashboard", { DashboardName: "Pulse-dev" });
    const [dashboard] = Object.values(resourcesOf(operations, "AWS::CloudWatch::Dashboard"));
    const body = JSON.stringify(dashboard?.Properties.DashboardBody);

    for (const metric of [
      "IncomingRecords",
      "EventsKept",
      "IteratorAge",
      "IndexingLag",
      "LogLines",
      "LinesUnparsed",
      "LineLag",
      "DeadLetters",
      "Duration",
      "ConcurrentExecutions",
      "DeliveryToS3.DataFreshness",
    ])
      expect(body).toContain(metric);
  });

  test("is one for each stage", () => {
    prod.hasResourceProperties("AWS::CloudWatch::Dashboard", { DashboardName: Match.exact("Pulse-prod") });
  });
});
