import assert from "node:assert/strict";
import { ListBucketsCommand } from "@aws-sdk/client-s3";
import { typeTemplate } from "#stores/opensearch/index-templates.ts";
import { type EmulatedAccount, elementsOf } from "#test/support/emulator/emulator-account.ts";
import { DECLARED_TYPE } from "./check-artifacts.ts";
import type { DeployedPulse } from "./deployed-pulse.ts";
import type { Report } from "./report.ts";

/** Nothing is left but what must outlive its stack: the archive and the dead letters. */
export async function checkRemoval(pulse: DeployedPulse, report: Report): Promise<void> {
  const retained = [pulse.output("Journal", "ArchiveBucket"), pulse.output("Journal", "DeadLettersBucket")];
  await report.need("everything is destroyed", () => pulse.destroy());
  await report.check(`nothing is left in the account but, by design, ${retained.join(" and ")}`, async () => {
    assert.deepEqual(await leftovers(pulse.account), retained.map((name) => `bucket ${name}`).sort());
  });
  await report.check(
    "no index template is left but of a type that an artifact declared, and every event is",
    async () => {
      const { index_templates: templates } = await pulse.inOpenSearch<{ index_templates: readonly { name: string }[] }>(
        "/_index_template",
      );
      const { count } = await pulse.inOpenSearch<{ count: number }>("/pulse.*/_count");

      assert.deepEqual(
        templates.map(({ name }) => name),
        [typeTemplate({ name: DECLARED_TYPE, period: "month", retentionDays: 1 }).name],
      );
      assert.ok(count > 0);
    },
  );
  await report.check("no dashboard is left", async () => {
    assert.deepEqual([...pulse.dashboards.objects.keys()], []);
  });
}

type Names = readonly (string | undefined)[];

/** What the account has besides what bootstrapping it made. */
async function leftovers(account: EmulatedAccount): Promise<string[]> {
  const found = await Promise.all(
    Object.entries(listings).map(async ([what, list]) =>
      (await list(account))
        .filter((name) => name !== undefined && !/^cdk-|CDKToolkit/.test(name))
        .map((name) => `${what} ${name}`),
    ),
  );
  return found.flat().sort();
}

/** The members of a list, or of each the member that names it. */
function namesIn(answer: Readonly<Record<string, unknown>>, list: string, member?: string): Names {
  const members = (answer[list] ?? []) as readonly (string | Readonly<Record<string, string>>)[];
  return members.map((one) => (typeof one === "string" ? one : one[member as string]));
}

const json =
  (service: string, target: string, list: string, member?: string) =>
  async (account: EmulatedAccount): Promise<Names> =>
    namesIn(await account.json(service, target), list, member);

const get =
  (service: string, path: string, list: string, member: string) =>
  async (account: EmulatedAccount): Promise<Names> =>
    namesIn((await (await account.send(service, path)).json()) as Record<string, unknown>, list, member);

const query =
  (service: string, parameters: Readonly<Record<string, string>>, tag: string) =>
  async (account: EmulatedAccount): Promise<Names> =>
    elementsOf(await account.query(service, parameters), tag);

const buses = json("events", "AWSEvents.ListEventBuses", "EventBuses", "Name");

const rulesOf = async (account: EmulatedAccount, EventBusName: string | undefined): Promise<Names> =>
  namesIn(await account.json("events", "AWSEvents.ListRules", { EventBusName }), "Rules", "Name");

/** By their logs' ids. */
const CALLED_BY_SCHEDULES = /\/(Measure\w+|PublishTicks|UpdateDashboards|ForgetShards)Log[^/]*$/;

/**
 * Without those that a call made anew which a schedule began while everything went: they have
 * no retention, as those of the stacks have.
 */
async function logGroups(account: EmulatedAccount): Promise<Names> {
  type Groups = readonly { readonly logGroupName: string; readonly retentionInDays?: number }[];
  const answer = await account.json<{ readonly logGroups: Groups }>("logs", "Logs_20140328.DescribeLogGroups");
  return answer.logGroups
    .filter((group) => group.retentionInDays || !CALLED_BY_SCHEDULES.test(group.logGroupName))
    .map(({ logGroupName }) => logGroupName);
}

/** How each service tells what it has. */
const listings: Readonly<Record<string, (account: EmulatedAccount) => Promise<Names>>> = {
  bucket: async ({ s3 }) => ((await s3.send(new ListBucketsCommand())).Buckets ?? []).map(({ Name }) => Name),
  function: get("lambda", "/2015-03-31/functions/", "Functions", "FunctionName"),
  "event source mapping": get("lambda", "/2015-03-31/event-source-mappings/", "EventSourceMappings", "FunctionArn"),
  API: get("apigateway", "/restapis", "item", "name"),
  stream: json("kinesis", "Kinesis_20131202.ListStreams", "StreamNames"),
  table: json("dynamodb", "DynamoDB_20120810.ListTables", "TableNames"),
  "delivery stream": json("firehose", "Firehose_20150804.ListDeliveryStreams", "DeliveryStreamNames"),
  queue: json("sqs", "AmazonSQS.ListQueues", "QueueUrls"),
  bus: async (account) => (await buses(account)).filter((name) => name !== "default"),
  rule: async (account) => (await Promise.all((await buses(account)).map((bus) => rulesOf(account, bus)))).flat(),
  schedule: get("scheduler", "/schedules", "Schedules", "Name"),
  "log group": logGroups,
  role: query("iam", { Action: "ListRoles", Version: "2010-05-08" }, "RoleName"),
  topic: query("sns", { Action: "ListTopics", Version: "2010-03-31" }, "TopicArn"),
  alarm: query("monitoring", { Action: "DescribeAlarms", Version: "2010-08-01" }, "AlarmName"),
  user: query("iam", { Action: "ListUsers", Version: "2010-05-08" }, "UserName"),
  dashboard: query("monitoring", { Action: "ListDashboards", Version: "2010-08-01" }, "DashboardName"),
};
