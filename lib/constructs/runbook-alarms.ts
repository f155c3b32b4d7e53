import {
  Alarm,
  ComparisonOperator,
  type IAlarmAction,
  type IMetric,
  TreatMissingData,
} from "aws-cdk-lib/aws-cloudwatch";
import { Construct } from "constructs";

export interface RunbookAlarm {
  /** Its page in docs/runbook.md, by the heading's anchor. */
  readonly page: string;
  /** What is the matter, in a sentence. */
  readonly says: string;
  readonly metric: IMetric;
  readonly threshold: number;
  /** On which side of the threshold it is wrong. @default - at or above it */
  readonly when?: ComparisonOperator;
  /** How many of how many periods must be so: `[3, 5]` is three of five. */
  readonly periods: readonly [number, number];
  /** What it means that CloudWatch has no figure. @default - that nothing happened, and all is well */
  readonly silence?: TreatMissingData;
}

export interface RunbookAlarmsProps {
  /** Begins the name of each: `Pulse-prod`. */
  readonly prefix: string;
  /** Who is told that something is wrong, and that it is over. */
  readonly action: IAlarmAction;
}

/** The alarms of a deployment. Each says what is the matter and where it is written what to do. */
export class RunbookAlarms extends Construct {
  private readonly prefix: string;
  private readonly action: IAlarmAction;

  constructor(scope: Construct, id: string, { prefix, action }: RunbookAlarmsProps) {
    super(scope, id);
    this.prefix = prefix;
    this.action = action;
  }

  add(id: string, { page, says, metric, threshold, when, periods: [bad, of], silence }: RunbookAlarm): void {
    const alarm = new Alarm(this, id, {
      alarmName: `${this.prefix}-${id}`,
      alarmDescription: `${says} What to do: docs/runbook.md#${page}`,
      metric,
      comparisonOperator: when ?? ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      threshold,
      datapointsToAlarm: bad,
      evaluationPeriods: of,
      treatMissingData: silence ?? TreatMissingData.NOT_BREACHING,
    });
    alarm.addAlarmAction(this.action);
    alarm.addOkAction(this.action);
  }
}
