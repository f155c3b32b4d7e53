import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { KinesisClient, PutRecordsCommand } from "@aws-sdk/client-kinesis";
import { OpenSearchClient } from "@aws-sdk/client-opensearch";
import { afterEach, describe, expect, jest, test } from "@jest/globals";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { checkDomain } from "#cli/doctor/check-domain.ts";
import { checkStream } from "#cli/doctor/check-stream.ts";
import { checkArtifactsTable, checkKeysTable } from "#cli/doctor/check-tables.ts";
import { examine } from "#cli/doctor/examine.ts";
import type { Finding } from "#cli/doctor/finding.ts";
import type { HeldCheckpoint } from "#cli/doctor/read-checkpoints.ts";
import { toSeq } from "#core/events/event-journal.ts";
import { toDeadLetterLines } from "#core/events/index-entries.ts";
import { toJournalLine } from "#core/events/records/journal-record.ts";
import { openAwsFront } from "#test/support/aws/aws-front.ts";
import { ARTIFACTS_TABLE, openDynamo, TABLE } from "#test/support/aws/dynamodb.ts";
import { openKinesis, STREAM, type TestKinesis } from "#test/support/aws/kinesis.ts";
import { openS3 } from "#test/support/aws/s3.ts";
import { openOpenSearchService } from "#test/support/opensearch/opensearch-service.ts";
import { anEvent } from "#test/support/samples/an-event.ts";
import { temporaryFolder } from "#test/support/temporary-folder.ts";

jest.setTimeout(60_000);

const LAUNCH = join(import.meta.dirname, "..", "..", "cli", "launch.js");
const MINUTE_MS = 60_000;

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const wrongOf = (found: readonly Finding[]) => found.filter(({ level }) => level !== "ok");

describe("pulse doctor asks the OpenSearch Service", () => {
  async function domainThatIs(state: Readonly<Record<string, unknown>>): Promise<readonly Finding[]> {
    const service = await openOpenSearchService("pulse-prod", state);
    const client = new OpenSearchClient(service.config);
    closing.push(service.close, () => client.destroy());
    return checkDomain(client, "pulse-prod");
  }

  test("and finds a domain well that is active and up to date", async () => {
    const found = await domainThatIs({});

    expect(wrongOf(found)).toEqual([]);
    expect(found[0]?.says).toBe("pulse-prod is active: 3 × r7g.large.search, 100 GiB each");
  });

  test.each([
    [
      "is being changed",
      { Processing: true, DomainProcessingStatus: "UpdatingEngineVersion" },
      "warn",
      "domain-change",
    ],
    ["is being upgraded", { UpgradeProcessing: true }, "warn", "domain-change"],
    ["is being deleted", { Deleted: true, Processing: true }, "bad", "domain-change"],
    ["is not tested on", { EngineVersion: "OpenSearch_2.19" }, "warn", "domain-software"],
    [
      "is installed on 2027-01-02",
      {
        ServiceSoftwareOptions: {
          UpdateAvailable: true,
          NewVersion: "R20261101",
          AutomatedUpdateDate: Date.UTC(2027, 0, 2) / 1000,
        },
      },
      "warn",
      "domain-software",
    ],
  ] as const)("and says of one that it %s", async (says, state, level, page) => {
    const found = wrongOf(await domainThatIs(state));

    expect(found).toEqual([expect.objectContaining({ level, page })]);
    expect(found[0]?.says).toContain(says === "is not tested on" ? "Pulse is not tested on" : says);
  });
});

describe("pulse doctor compares a stream with its checkpoints", () => {
  let arrivedMs: number;

  /** A stream of two shards with two records in each, and the sequence numbers of each shard. */
  async function openFilledStream(): Promise<{ kinesis: KinesisClient; points: Map<string, string[]> }> {
    const stand: TestKinesis = await openKinesis();
    const kinesis = new KinesisClient({ ...stand.config, requestHandler: new NodeHttpHandler() });
    closing.push(stand.close, () => kinesis.destroy());
    const points = new Map<string, string[]>();
    for (const PartitionKey of ["a", "b", "c", "d", "e", "f"]) {
      const Records = [{ PartitionKey, Data: Buffer.from("{}\n") }];
      const put = await kinesis.send(new PutRecordsCommand({ StreamName: STREAM, Records }));
      const { ShardId = "", SequenceNumber = "" } = put.Records?.[0] ?? {};
      points.set(ShardId, [...(points.get(ShardId) ?? []), SequenceNumber]);
    }
    arrivedMs = Date.now();
    return { kinesis, points };
  }

  const checkpointAt = (shardId: string, sequenceNumber: string | undefined): HeldCheckpoint => ({
    shard: `${STREAM}/${shardId}`,
    seq: toSeq(sequenceNumber ?? "0", 99_999),
  });
  const lastOf = (points: ReadonlyMap<string, string[]>) =>
    [...points].map(([shardId, numbers]) => checkpointAt(shardId, numbers.at(-1)));

  test("and finds one well that is indexed to its end, however old that is", async () => {
    const { kinesis, points } = await openFilledStream();

    const found = await checkStream({
      kinesis,
      streamName: STREAM,
      checkpoints: lastOf(points),
      nowMs: arrivedMs + 600 * MINUTE_MS,
    });

    expect(points.size).toBe(2);
    expect(wrongOf(found)).toEqual([]);
    expect(found[0]?.says).toMatch(/^ACTIVE, 2 open shards, keeps 24 h$/);
  });

  test.each([
    [0, "ok"],
    [2, "warn"],
    [20, "bad"],
  ] as const)("and when a record has waited %i minutes that is %s", async (minutes, level) => {
    const { kinesis, points } = await openFilledStream();
    const [[late, numbers] = ["", []], ...others] = points;
    const checkpoints = [checkpointAt(late, numbers[0]), ...lastOf(new Map(others))];

    const found = await checkStream({
      kinesis,
      streamName: STREAM,
      checkpoints,
      nowMs: arrivedMs + minutes * MINUTE_MS,
    });

    expect(wrongOf(found).map((finding) => finding.level)).toEqual(level === "ok" ? [] : [level]);
    if (level !== "ok") expect(wrongOf(found)[0]?.says).toContain(`${STREAM}/${late} has records`);
  });

  test("and takes a shard without a checkpoint for one that nothing was indexed of", async () => {
    const { kinesis } = await openFilledStream();

    const found = await checkStream({
      kinesis,
      streamName: STREAM,
      checkpoints: [],
      nowMs: arrivedMs + 10 * MINUTE_MS,
    });

    expect(wrongOf(found).map(({ level }) => level)).toEqual(["bad", "bad"]);
  });

  test.each([
    ["looks past a part without records", { Records: [], MillisBehindLatest: 1, NextShardIterator: "next" }, ["bad"]],
    ["has read a closed shard to its end", { Records: [], MillisBehindLatest: 1 }, []],
  ])("and %s", async (_, firstReply, levels) => {
    const stand = await openKinesis(1);
    const front = await openAwsFront(stand.config.endpoint, "GetRecords");
    const kinesis = new KinesisClient({ ...front.config, requestHandler: new NodeHttpHandler() });
    closing.push(stand.close, front.close, () => kinesis.destroy());
    const record = { SequenceNumber: "1", PartitionKey: "a", Data: "", ApproximateArrivalTimestamp: 1_000_000 };
    front.behave(({ body }) => ({
      status: 200,
      body: body.ShardIterator === "next" ? { Records: [record] } : firstReply,
    }));

    const found = await checkStream({ kinesis, streamName: STREAM, checkpoints: [], nowMs: 1_000_000_000 + 600_000 });

    expect(wrongOf(found).map(({ level }) => level)).toEqual(levels);
  });

  test("and names checkpoints of shards that the stream no longer has, but none of other streams", async () => {
    const { kinesis, points } = await openFilledStream();
    const checkpoints = [
      ...lastOf(points),
      checkpointAt("shardId-000000000099", "1"),
      // Gone since today: it is removed once a day.
      { ...checkpointAt("shardId-000000000098", "1"), arrivedAtMs: arrivedMs - 25 * 60 * MINUTE_MS },
      { shard: "other/shardId-000000000099", seq: toSeq(1, 0) },
    ];

    const found = wrongOf(await checkStream({ kinesis, streamName: STREAM, checkpoints, nowMs: arrivedMs }));

    expect(found).toEqual([expect.objectContaining({ level: "warn", page: "left-checkpoints" })]);
    expect(found[0]?.says).toMatch(/ no longer has: events\/shardId-000000000099$/);
  });
});

describe("pulse doctor asks for the table of idempotency keys", () => {
  test("and finds it well when it is active", async () => {
    const dynamo = await openDynamo();
    const client = new DynamoDBClient(dynamo.config);
    closing.push(dynamo.close, () => client.destroy());

    expect(wrongOf(await checkKeysTable(client, TABLE))).toEqual([]);
  });

  test("and says when it goes away", async () => {
    const dynamo = await openDynamo();
    const front = await openAwsFront(dynamo.config.endpoint, "DescribeTable");
    front.behave(() => ({ status: 200, body: { Table: { TableStatus: "DELETING" } } }));
    const client = new DynamoDBClient(front.config);
    closing.push(dynamo.close, front.close, () => client.destroy());

    expect(await checkKeysTable(client, TABLE)).toEqual([
      { level: "bad", part: "idempotency keys", says: `the table ${TABLE} is deleting`, page: "keys-table" },
    ]);
  });
});

describe("pulse doctor asks for the table of artifacts", () => {
  const NEW_IMAGES = { StreamEnabled: true, StreamViewType: "NEW_IMAGE" };
  const LATE_IMAGES = { StreamEnabled: true, StreamViewType: "OLD_IMAGE" };
  const artifacts = (says: string) => ({ level: "bad", part: "artifacts", says, page: "artifacts-table" });

  test.each([
    ["well", { TableStatus: "ACTIVE", StreamSpecification: NEW_IMAGES }, []],
    ["well while it changes", { TableStatus: "UPDATING", StreamSpecification: NEW_IMAGES }, []],
    [
      "going away",
      { TableStatus: "DELETING", StreamSpecification: NEW_IMAGES },
      [artifacts("the table artifacts is deleting")],
    ],
    [
      "without a stream",
      { TableStatus: "ACTIVE" },
      [artifacts("the stream of artifacts is off: no change is an event")],
    ],
    [
      "with a stream of something else",
      { TableStatus: "ACTIVE", StreamSpecification: LATE_IMAGES },
      [artifacts("the stream of artifacts shows OLD_IMAGE and not the new items: no change is an event")],
    ],
  ])("and finds it %s", async (_, Table, wrong) => {
    const dynamo = await openDynamo();
    const front = await openAwsFront(dynamo.config.endpoint, "DescribeTable");
    front.behave(() => ({ status: 200, body: { Table } }));
    const client = new DynamoDBClient(front.config);
    closing.push(dynamo.close, front.close, () => client.destroy());

    expect(wrongOf(await checkArtifactsTable(client, ARTIFACTS_TABLE))).toEqual(wrong);
  });
});

describe("pulse doctor --outputs", () => {
  interface Ended {
    readonly code: number | string | null;
    readonly stdout: string;
    readonly stderr: string;
  }
  const run = (args: readonly string[], env: Readonly<Record<string, string>>): Promise<Ended> =>
    new Promise((resolve) => {
      execFile(
        process.execPath,
        [LAUNCH, "doctor", ...args],
        { env: { ...process.env, ...env } },
        (error, stdout, stderr) => resolve({ code: error?.code ?? 0, stdout, stderr }),
      );
    });

  test("looks at all that a deployment names, and one part out of reach keeps no other from being looked at", async () => {
    const [s3, kinesis, dynamo, service, folder] = await Promise.all([
      openS3(),
      openKinesis(),
      openDynamo(),
      openOpenSearchService("pulse-prod"),
      temporaryFolder(),
    ]);
    closing.push(s3.close, kinesis.close, dynamo.close, service.close, folder.remove);
    const line = toJournalLine(anEvent());
    const letters = toDeadLetterLines([
      { reason: "mapper_parsing_exception: failed to parse 'secret-value'", line },
      { reason: "the record is not UTF-8", line: "AA==" },
    ]);
    s3.put("dead/index-events/2026-03-15/events/0/1.ndjson", letters, Date.UTC(2026, 2, 15));
    const payload = JSON.stringify({ Records: [{ kinesis: { data: Buffer.from(line).toString("base64") } }] });
    const batch = { requestContext: { condition: "RetryAttemptsExhausted" }, payload };
    const lambdaFile = "aws/lambda/1/shardId-0/2026/03/16/2026-03-16T00.00.00-0a1b2c3d-0000-4000-8000-000000000000";
    s3.put(`dead/${lambdaFile}`, JSON.stringify(batch), Date.UTC(2026, 2, 16));
    s3.put("archive/events/2026/03/15/12/1.ndjson.gz", "old", Date.UTC(2026, 2, 15, 12));
    s3.put("archive/events/2026/03/16/09/2.ndjson.gz", "new", Date.UTC(2026, 2, 16, 9));
    const outputs = {
      "Pulse-prod-Store": {
        OpenSearchUrl: "http://127.0.0.1:1",
        DomainName: "pulse-prod",
        KeysTable: TABLE,
        ArtifactsTable: "gone",
      },
      "Pulse-prod-Journal": {
        EventsStream: STREAM,
        HaproxyLogsStream: "logs",
        ArchiveBucket: "archive",
        DeadLettersBucket: "dead",
      },
    };
    const file = join(folder.path, "outputs.json");
    await writeFile(file, JSON.stringify(outputs));
    const env = {
      ...s3.environment,
      AWS_ENDPOINT_URL_OPENSEARCH: service.config.endpoint,
      AWS_ENDPOINT_URL_KINESIS: kinesis.config.endpoint,
      AWS_ENDPOINT_URL_DYNAMODB: dynamo.config.endpoint,
    };

    const { code, stdout } = await run(["--outputs", file, "--json"], env);

    const found = JSON.parse(stdout) as (Finding & { readonly remedy?: string })[];
    const levels = Object.fromEntries(found.map(({ part, level }) => [part, level]));
    expect(levels).toEqual({
      domain: "ok",
      cluster: "unknown",
      disks: "unknown",
      templates: "unknown",
      retention: "unknown",
      indices: "unknown",
      checkpoints: "unknown",
      "stream events": "ok",
      "stream logs": "unknown",
      "dead letters": "warn",
      archive: "ok",
      "idempotency keys": "ok",
      artifacts: "unknown",
    });
    const says = (part: string) => found.find((finding) => finding.part === part)?.says;
    expect(says("dead letters")).toBe(
      "3 in 2 files of s3://dead/, the newest of 2026-03-16T00:00:00.000Z: " +
        "RetryAttemptsExhausted (1), mapper_parsing_exception (1), unreadable (1)",
    );
    expect(says("archive")).toContain("the newest file is events/2026/03/16/09/2.ndjson.gz");
    expect(stdout).not.toContain("secret");
    expect(found.filter(({ level }) => level !== "ok").every(({ remedy }) => remedy !== undefined)).toBe(true);
    expect(code).toBe(2);
  });

  test("looks for a domain's buckets in the domain's region, wherever its caller is at home", async () => {
    const s3 = await openS3();
    closing.push(s3.close);
    s3.put("archive/events/2026/03/15/12/1.ndjson.gz", "old", Date.UTC(2026, 2, 15, 12));
    const { AWS_REGION: _, ...nowhere } = s3.environment;
    const env = jest.replaceProperty(process, "env", nowhere);
    closing.push(() => env.restore());
    const openSearch = { url: "http://127.0.0.1:1", auth: "sigv4", region: "eu-central-1" } as const;

    const found = await examine(
      { serverUrl: "", openSearch, deadLetters: "s3://dead", archive: "s3://archive" },
      Date.now(),
    );

    expect(found.filter(({ part }) => part === "dead letters" || part === "archive")).toMatchObject([
      { level: "ok", says: "none in s3://dead/" },
      { level: "ok", says: expect.stringMatching(/^the newest file is events\/2026\/03\/15\/12\/1.ndjson.gz, /) },
    ]);
  });

  test("refuses a file that a deployment did not write", async () => {
    const folder = await temporaryFolder();
    closing.push(folder.remove);
    const file = join(folder.path, "outputs.json");
    await writeFile(file, '{"Other-Stack":{"Url":"https://example.com"}}');

    const { code, stderr } = await run(["--outputs", file], {});

    expect(stderr).toContain("has no output of a Pulse");
    expect(code).toBe(2);
  });
});
