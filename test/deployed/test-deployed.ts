import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";

import { OpenSearchUnavailable } from "#dev/opensearch-unavailable.ts";
import { EmulatorUnavailable } from "#test/support/emulator/emulator-python.ts";
import { checkArtifacts } from "./check-artifacts.ts";
import { checkEvents } from "./check-events.ts";
import { checkLogs } from "./check-logs.ts";
import { checkRemoval } from "./check-removal.ts";
import { checkRights } from "./check-rights.ts";
import { checkSchedules } from "./check-schedules.ts";
import { checkTemplates } from "./check-templates.ts";
import { checkTidying } from "./check-tidying.ts";
import { checkTriggers, putTriggers } from "./check-triggers.ts";
import { checkWorkflows, postLines } from "./check-workflows.ts";
import { DeployedPulse } from "./deployed-pulse.ts";
import { knownGaps } from "./known-gaps.ts";
import { CannotGoOn, Report } from "./report.ts";

const HELP = `Deploys every stack into an AWS account emulated on this machine, drives them over HTTP, and takes them away again.
Needs Python 3.11 or newer with venv, Java 21 or newer, and Maven; what they fetch the first time stays in the user's cache.

  npm run test:deployed -- [options]

  --keep   leaves everything running after the checks, until Ctrl-C, instead of destroying it
  --help

Example: look at what is deployed

  npm run test:deployed -- --keep
`;

const HARD_STOP_MS = 10 * 60_000;
/** What is still there then ends by itself when this process does. */
const CLEANUP_MS = 45_000;

/** Somebody, or the clock, wants it to end. */
class Interrupted extends Error {}

interface Interruption {
  readonly reason: Promise<Interrupted>;
  /** From now on only somebody. */
  takeTime(): void;
}

function interruption(): Interruption {
  const { promise, resolve } = Promise.withResolvers<Interrupted>();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.once(signal, () => resolve(new Interrupted(`ended by ${signal}`)));
  const late = new Interrupted(`it took longer than ${HARD_STOP_MS / 60_000} minutes`);
  const timer = setTimeout(() => resolve(late), HARD_STOP_MS).unref();
  return { reason: promise, takeTime: () => clearTimeout(timer) };
}

async function testDeployment(pulse: DeployedPulse, report: Report): Promise<void> {
  await pulse.open();
  await report.need("the account is bootstrapped", () => pulse.bootstrap());
  const plainAlarms = await report.need("every stack is synthesised, with -c auth=iam", () => pulse.synth());
  await report.need("every stack is deployed", () => pulse.deploy());
  await report.check("what is deployed differs in nothing from what was synthesised", () => differsInNothing(pulse));
  await checkTemplates(pulse, report);
  for (const gap of knownGaps(pulse, plainAlarms)) await report.gap(gap);
  // Only now: the emulator lets nobody deploy where it enforces rights.
  await report.need("the account starts anew with what was deployed in it, and enforces rights", () =>
    pulse.start({ enforcesRights: true }),
  );
  await checkEvents(pulse, report);
  const triggers = await putTriggers(pulse, report);
  const postedAtMs = await postLines(pulse, report);
  await checkLogs(pulse, report);
  await checkTidying(pulse, report);
  await checkArtifacts(pulse, report);
  await checkWorkflows(pulse, report, postedAtMs);
  await checkTriggers(pulse, report, triggers);
  // Before anybody calls what only schedules have called so far.
  await checkSchedules(pulse, report);
  await checkRights(pulse, report);
  await report.need("the account starts anew without enforcing them", () => pulse.start({ enforcesRights: false }));
}

async function differsInNothing(pulse: DeployedPulse): Promise<void> {
  const printed = await pulse.diff();
  if (!printed.includes("Number of stacks with differences: 0")) throw new Error(printed);
}

async function keep(pulse: DeployedPulse, report: Report, interrupted: Interruption): Promise<void> {
  interrupted.takeTime();
  report.say(pulse.howToLook());
  await interrupted.reason;
}

/** Says what kept the test from its end. */
async function explain(failure: unknown, pulse: DeployedPulse, report: Report): Promise<void> {
  const isUnavailable = failure instanceof EmulatorUnavailable || failure instanceof OpenSearchUnavailable;
  if (isUnavailable) console.error(`NOTHING OF A DEPLOYMENT WAS TESTED: ${failure.message}`);
  if (isUnavailable && process.env.CI !== "true") return;
  if (!(failure instanceof CannotGoOn)) report.fail("the test could not go on", failure);
  const log = await pulse.lastLog();
  if (log !== "") report.say(`the end of the emulator's log:\n${log}`);
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { keep: { type: "boolean" }, help: { type: "boolean", short: "h" } } });
  if (values.help) return console.log(HELP);
  const report = new Report();
  const pulse = new DeployedPulse(report);
  const interrupted = interruption();
  const unlessInterrupted = (work: Promise<void>): Promise<void> =>
    Promise.race([
      work,
      interrupted.reason.then((reason) => {
        throw reason;
      }),
    ]);
  try {
    await unlessInterrupted(testDeployment(pulse, report));
    await (values.keep ? keep(pulse, report, interrupted) : unlessInterrupted(checkRemoval(pulse, report)));
  } catch (failure) {
    await explain(failure, pulse, report);
  }
  report.close();
  await Promise.race([pulse.close(), sleep(CLEANUP_MS)]);
  process.exit(report.failed === 0 ? 0 : 1);
}

await main().catch((failure) => {
  // What the test itself comes to is in its report.
  console.error(failure instanceof TypeError ? failure.message : failure);
  process.exitCode = 1;
});
