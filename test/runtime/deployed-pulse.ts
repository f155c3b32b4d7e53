import { randomBytes } from "node:crypto";
import { CreateStreamCommand } from "@aws-sdk/client-kinesis";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { type Clock, systemClock } from "#core/clock.ts";
import { indexTemplates } from "#stores/opensearch/index-templates.ts";
import { ARTIFACTS_TABLE, openDynamo, TABLE, type TestDynamo } from "#test/support/aws/dynamodb.ts";
import { type EventSourceMapping, startEventSourceMapping } from "#test/support/aws/event-source-mapping.ts";
import type { MappingSettings } from "#test/support/aws/event-source-mapping-settings.ts";
import { openKinesis, type TestKinesis } from "#test/support/aws/kinesis.ts";
import { type LambdaFunction, openLambda } from "#test/support/aws/lambda-function.ts";
import { openS3, type TestS3 } from "#test/support/aws/s3.ts";
import { type Call, invoked, type Reply } from "#test/support/http/transports.ts";

/** How the indexing stack maps the journal to index-events. */
export const INDEXING: MappingSettings = {
  BatchSize: 100,
  BisectBatchOnFunctionError: true,
  FunctionResponseTypes: ["ReportBatchItemFailures"],
  MaximumRecordAgeInSeconds: 23 * 3600,
  MaximumRetryAttempts: -1,
  ParallelizationFactor: 1,
  StartingPosition: "TRIM_HORIZON",
};

export interface DeployedPulseOptions {
  readonly openSearch: string;
  /** Where index-events finds OpenSearch. @default - where the other functions do */
  readonly openSearchOfIndexing?: string;
  readonly shards?: number;
  readonly leaseSeconds?: number;
  /** Times functions out. @default - the machine's */
  readonly clock?: Clock;
}

/** An event as it was answered. */
export interface CreatedEvent {
  readonly id: string;
  readonly value?: unknown;
  /** `Pulse-Receipt`. */
  readonly receipt: string;
}

/** The built functions under Lambda's runtime client, on stand-ins for AWS and a real OpenSearch. */
export interface DeployedPulse {
  /** Its own, declared: the OpenSearch may be shared. */
  readonly namespace: string;
  readonly streamName: string;
  readonly createEvents: LambdaFunction;
  readonly queryEvents: LambdaFunction;
  readonly streamEvents: LambdaFunction;
  readonly indexEvents: LambdaFunction;
  readonly indexHaproxyLogs: LambdaFunction;
  readonly kinesis: TestKinesis;
  readonly dynamo: TestDynamo;
  readonly s3: TestS3;
  /** Through API Gateway; the path is the one under the base path. */
  call(call: Call): Promise<Reply>;
  create(event: object, headers?: Readonly<Record<string, string>>): Promise<CreatedEvent>;
  /** Every event with the tag (of that type), once the write of that receipt is visible, page by page. */
  read(tag: string, receipt: string, type?: string): Promise<{ readonly id: string; readonly value?: unknown }[]>;
  /** Feeds the journal to index-events, twenty times as often as Lambda would. */
  startIndexing(settings?: MappingSettings): EventSourceMapping;
  /** The same for the stream of log lines and index-haproxy-logs. */
  startIndexingLogs(): EventSourceMapping;
  /** What the functions that index and their mappings failed with. */
  readonly indexingErrors: readonly unknown[];
  close(): Promise<void>;
}

const BUCKET = "dead-letters";

export async function deployPulse(options: DeployedPulseOptions): Promise<DeployedPulse> {
  const { openSearch, openSearchOfIndexing = openSearch, shards = 1, leaseSeconds = 55, clock = systemClock } = options;
  const id = randomBytes(5).toString("hex");
  const namespace = `deployed-${id}`;
  const streamName = `events-${id}`;
  const logStreamName = `haproxy-logs-${id}`;
  const [kinesis, dynamo, s3] = await Promise.all([openKinesis(shards, streamName), openDynamo(), openS3()]);
  await kinesis.client.send(new CreateStreamCommand({ StreamName: logStreamName, ShardCount: shards }));
  const endpoints = {
    KINESIS: kinesis.config.endpoint,
    DYNAMODB: dynamo.config.endpoint,
    S3: s3.config.endpoint as string,
  };
  const common = { PULSE_NAMESPACES: namespace };
  const store = { PULSE_OPENSEARCH_URL: openSearch, PULSE_OPENSEARCH_AUTH: "none" };

  const createEvents = openLambda({
    name: "create-events",
    environment: { ...common, PULSE_EVENTS_STREAM: streamName, PULSE_KEYS_TABLE: TABLE },
    endpoints,
    clock,
  });
  const queryEvents = openLambda({ name: "query-events", environment: { ...common, ...store }, clock });
  const aggregateEvents = openLambda({ name: "aggregate-events", environment: { ...common, ...store }, clock });
  const describeApi = openLambda({ name: "describe-api", environment: { ...common, ...store }, clock });
  const ofArtifacts = { ...common, PULSE_ARTIFACTS_TABLE: ARTIFACTS_TABLE };
  const putArtifact = openLambda({ name: "put-artifact", environment: ofArtifacts, endpoints, clock });
  const readArtifacts = openLambda({
    name: "read-artifacts",
    environment: { ...ofArtifacts, ...store },
    endpoints,
    clock,
  });
  const refuseUnmatched = openLambda({ name: "refuse-unmatched", environment: common, clock });
  const streamEvents = openLambda({
    name: "stream-events",
    environment: { ...common, ...store, PULSE_AUTH: "none", PULSE_STREAM_LEASE_SECONDS: String(leaseSeconds) },
    clock,
  });
  const indexEvents = openLambda({
    name: "index-events",
    environment: { ...store, PULSE_OPENSEARCH_URL: openSearchOfIndexing, PULSE_DEAD_LETTERS_BUCKET: BUCKET },
    endpoints,
    clock,
  });
  const receiveHaproxyLogs = openLambda({
    name: "receive-haproxy-logs",
    environment: { ...common, PULSE_HAPROXY_LOGS_STREAM: logStreamName },
    endpoints,
    clock,
  });
  const indexHaproxyLogs = openLambda({
    name: "index-haproxy-logs",
    environment: { ...store, PULSE_OPENSEARCH_URL: openSearchOfIndexing, PULSE_DEAD_LETTERS_BUCKET: BUCKET },
    endpoints,
    clock,
  });
  const functions = [
    createEvents,
    queryEvents,
    aggregateEvents,
    describeApi,
    putArtifact,
    readArtifacts,
    refuseUnmatched,
    streamEvents,
    indexEvents,
    receiveHaproxyLogs,
    indexHaproxyLogs,
  ];
  await installTemplates(store);

  const gateway = await invoked.open({
    "create-events": createEvents.invoke,
    "query-events": queryEvents.invoke,
    "aggregate-events": aggregateEvents.invoke,
    "describe-api": describeApi.invoke,
    "put-artifact": putArtifact.invoke,
    "read-artifacts": readArtifacts.invoke,
    "refuse-unmatched": refuseUnmatched.invoke,
    "stream-events": () => Promise.reject(new TypeError("a stream has a front of its own")),
    "receive-haproxy-logs": receiveHaproxyLogs.invoke,
  });
  const call: DeployedPulse["call"] = (call) => gateway.call({ ...call, path: `/${namespace}/api/v1${call.path}` });

  const s3Client = new S3Client(s3.config);
  const mappings: EventSourceMapping[] = [];
  const indexingErrors: unknown[] = [];
  const startMapping = (stream: string, fn: LambdaFunction, settings: MappingSettings): EventSourceMapping => {
    const mapping = startEventSourceMapping({
      kinesis: kinesis.client,
      streamName: stream,
      invoke: fn.invoke,
      settings,
      clock: hurried,
      onFailure: async ({ key, body }) => {
        await s3Client.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: body }));
      },
      onError: (error) => indexingErrors.push(error),
    });
    mappings.push(mapping);
    return mapping;
  };

  return {
    namespace,
    streamName,
    createEvents,
    queryEvents,
    streamEvents,
    indexEvents,
    indexHaproxyLogs,
    kinesis,
    dynamo,
    s3,
    call,
    async create(event, headers = {}) {
      const reply = await call({
        method: "POST",
        path: "/events",
        headers: { "content-type": "application/json", ...headers },
        body: JSON.stringify(event),
      });
      if (reply.status !== 201) throw new Error(`create-events answered ${reply.status}: ${reply.text}`);
      return { ...reply.json, receipt: reply.headers["pulse-receipt"] };
    },
    async read(tag, receipt, type) {
      const events: { id: string }[] = [];
      for (
        let query: string | undefined =
          `tag=${tag}${type ? `&type=${type}` : ""}&cursor=*&per_page=1000&after=${receipt}`;
        query !== undefined;
      ) {
        const reply: Reply = await call({ path: `/events?${query}` });
        // On a busy machine the write may take longer than a query waits.
        if (reply.status === 503) continue;
        if (reply.status !== 200) throw new Error(`query-events answered ${reply.status}: ${reply.text}`);
        events.push(...reply.json);
        query = reply.json.length === 0 ? undefined : /\?([^>]*)>; rel=next/.exec(reply.headers.link ?? "")?.[1];
      }
      return events;
    },
    startIndexing: (settings = INDEXING) => startMapping(streamName, indexEvents, settings),
    startIndexingLogs: () => startMapping(logStreamName, indexHaproxyLogs, INDEXING),
    indexingErrors,
    async close() {
      await Promise.all(mappings.map((mapping) => mapping.stop()));
      await Promise.all(functions.map((fn) => fn.kill()));
      s3Client.destroy();
      await Promise.all([kinesis.close(), dynamo.close(), s3.close()]);
    },
  };
}

/** As the custom resources of a deployment do. */
async function installTemplates(store: { PULSE_OPENSEARCH_URL: string; PULSE_OPENSEARCH_AUTH: string }): Promise<void> {
  const installer = openLambda({ name: "install-index-templates", environment: store });
  for (const template of indexTemplates())
    await installer.invoke({ RequestType: "Create", ResourceProperties: { template: JSON.stringify(template) } });
  await installer.kill();
}

/** Its pauses are a twentieth of what they should be. */
const hurried: Clock = { now: Date.now, after: (ms, action) => systemClock.after(ms / 20, action) };
