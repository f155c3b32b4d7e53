import { Duration } from "aws-cdk-lib";
import { Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Schedule, ScheduleExpression } from "aws-cdk-lib/aws-scheduler";
import { LambdaInvoke } from "aws-cdk-lib/aws-scheduler-targets";
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import { acknowledgeWildcard } from "#lib/constructs/acknowledge-wildcard.ts";
import type { PulseFunction } from "#lib/constructs/pulse-function.ts";

/** A call that is later than this is not needed: the calls after it have done its work. */
const LONGEST_AGE = Duration.minutes(5);

/**
 * Has EventBridge Scheduler call the function once a minute, at any second of it, and now and then twice. A call that
 * cannot be made is made again for some minutes, and then put aside.
 */
export function callEachMinute(fn: PulseFunction, missedCalls: IQueue): void {
  const role = new Role(fn, "CallerRole", {
    description: `Lets the schedule of ${fn.folder} call it`,
    assumedBy: new ServicePrincipal("scheduler.amazonaws.com"),
  });
  new Schedule(fn, "EachMinute", {
    description: `Pulse: ${fn.folder}, each minute`,
    schedule: ScheduleExpression.rate(Duration.minutes(1)),
    target: new LambdaInvoke(fn, {
      role,
      retryAttempts: 3,
      maxEventAge: LONGEST_AGE,
      deadLetterQueue: missedCalls,
    }),
  });
  acknowledgeWildcard(role, fn.functionArn, ":*", "It may call the one function, in any of its versions.");
  fn.configureAsyncInvoke({ retryAttempts: 1, maxEventAge: LONGEST_AGE });
}
