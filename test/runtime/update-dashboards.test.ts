import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, jest, test } from "@jest/globals";
import { DynamoArtifactStore } from "#stores/dynamodb/dynamo-artifact-store.ts";
import { openClient } from "#stores/opensearch/client.ts";
import { indexTemplates } from "#stores/opensearch/index-templates.ts";
import { installTemplates } from "#stores/opensearch/install-templates.ts";
import { OpenSearchEventStore } from "#stores/opensearch/opensearch-event-store.ts";
import { keepSampleEvents } from "#test/stores/opensearch/dashboards/sample-events.ts";
import { ARTIFACTS_TABLE, openDynamo, type TestDynamo } from "#test/support/aws/dynamodb.ts";
import { type LambdaFunction, openLambda } from "#test/support/aws/lambda-function.ts";
import { describeOpenSearch } from "#test/support/opensearch/opensearch.ts";
import { openSavedObjectsServer, type SavedObjectsServer } from "#test/support/opensearch/saved-objects-server.ts";
import "#test/support/aws/built-functions.ts";

jest.setTimeout(60_000);

describeOpenSearch("update-dashboards under Lambda's runtime client", (url) => {
  /** Its own: the OpenSearch may be shared. */
  const namespace = `dashboards-${randomBytes(5).toString("hex")}`;
  let dynamo: TestDynamo;
  let server: SavedObjectsServer;
  let store: OpenSearchEventStore;
  let updateDashboards: LambdaFunction;

  beforeAll(async () => {
    const client = await openClient({ url: url(), auth: "none" });
    await installTemplates(client, indexTemplates());
    store = new OpenSearchEventStore(client);
    [dynamo, server] = await Promise.all([openDynamo(), openSavedObjectsServer()]);
    updateDashboards = openLambda({
      name: "update-dashboards",
      environment: {
        PULSE_OPENSEARCH_URL: url(),
        PULSE_OPENSEARCH_AUTH: "none",
        PULSE_NAMESPACES: namespace,
        PULSE_ARTIFACTS_TABLE: ARTIFACTS_TABLE,
        PULSE_DASHBOARDS_URL: server.url,
        // What the events of these tests are dated with lies far back.
        PULSE_EVENT_TYPES: JSON.stringify([{ name: "haproxy", period: "day", retentionDays: 100_000 }]),
      },
      endpoints: { DYNAMODB: dynamo.config.endpoint },
    });
  });
  afterAll(async () => {
    await updateDashboards.kill();
    await Promise.all([store.close(), dynamo.close(), server.close()]);
  });

  const titles = (): unknown[] =>
    [...server.objects.values()]
      .filter(({ type, id }) => type === "dashboard" && id.startsWith(`pulse.${namespace}.`))
      .map(({ attributes }) => String(attributes.title).replace(` [${namespace}]`, ""))
      .sort();

  test("draws what OpenSearch and DynamoDB tell of, by its schedule and by a deployment, and takes it away with its stack", async () => {
    const artifacts = new DynamoArtifactStore({ tableName: ARTIFACTS_TABLE, config: dynamo.config });
    const content = { source: "routes: {}", format: "yaml" } as const;
    await artifacts.change({ namespace, kind: "gateways", name: "declared", content, when: {}, atMs: Date.now() });
    await keepSampleEvents(store, namespace);

    expect(await updateDashboards.invoke({ source: "aws.events" })).toBeNull();

    expect(titles()).toEqual(
      expect.arrayContaining(["Pulse", "deployment: sava", "gateway: declared", "gateway: web"]),
    );
    const { size } = server.objects;

    expect(await updateDashboards.invoke({ RequestType: "Update" })).toEqual({ PhysicalResourceId: "dashboards" });
    expect(server.objects.size).toBe(size);

    await updateDashboards.invoke({ RequestType: "Delete" });
    expect(titles()).toEqual([]);
  });
});
