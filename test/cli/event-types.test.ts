import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { type ServedPulse, servePulse } from "#dev/served-pulse.ts";
import { describeOpenSearch } from "#test/support/opensearch/opensearch.ts";
import { temporaryFolder } from "#test/support/temporary-folder.ts";
import { until } from "#test/support/until.ts";

jest.setTimeout(60_000);

/* Black box: the same against the command, once on the embedded store and once on a real OpenSearch. */

describe("types declared while the command runs, embedded", () => learnsTypes(() => []));
describeOpenSearch("types declared while the command runs, on OpenSearch", (url) =>
  learnsTypes(() => ["--opensearch", url()]),
);

function learnsTypes(options: () => readonly string[]): void {
  let pulse: ServedPulse;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  /** The node may be shared. */
  const type = `orders-${randomBytes(4).toString("hex")}`;

  const start = () => servePulse(["--port", "0", "--syslog", "0", "--data", folder.path, ...options()]);
  beforeAll(async () => {
    folder = await temporaryFolder();
    pulse = await start();
  });
  afterAll(async () => {
    await pulse.stop();
    await folder.remove();
  });

  async function send(method: string, path: string, body?: unknown) {
    const reply = await fetch(`${pulse.url}/api/v1${path}`, {
      method,
      headers: { "content-type": "application/json" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: reply.status, json: JSON.parse((await reply.text()) || "null") };
  }
  const create = (value: unknown) => send("POST", "/events", { type, tags: ["shop"], value });
  const sum = async () =>
    (
      await send("POST", "/events/aggregate", {
        type,
        aggregator: { type: "sum", field: "amount" },
        groupBy: "customer.country",
      })
    ).json;

  test("hold from the answer on, and still after a restart", async () => {
    await create({ amount: 100, customer: { country: "DE" } });
    await until(async () => (await send("GET", `/events?type=${type}`)).json.length === 1);
    const fields = { amount: "double", "customer.country": "keyword" };

    const declared = await send("PUT", `/artifacts/event-types/${type}`, { period: "month", retentionDays: 5, fields });
    await create({ amount: 1.5, customer: { country: "DE" } });
    await create({ amount: 2, customer: { country: "FR" } });

    expect(declared.status).toBe(201);
    const expected = {
      groups: [
        { key: "DE", count: 1, value: 1.5 },
        { key: "FR", count: 1, value: 2 },
      ],
    };
    await until(async () => (await sum()).groups?.length === 2);
    expect(await sum()).toEqual(expected);

    expect(await pulse.stop()).toBe(0);
    pulse = await start();
    await create({ amount: 4, customer: { country: "FR" } });

    await until(async () => (await sum()).groups?.[0]?.count === 2);
    expect((await sum()).groups).toEqual([
      { key: "FR", count: 2, value: 6 },
      { key: "DE", count: 1, value: 1.5 },
    ]);
    const types = await send("GET", "/event-types");
    expect(types.json).toContainEqual(expect.objectContaining({ name: type, count: 4, retentionDays: 5, fields }));
    const refused = await send("PUT", `/artifacts/event-types/${type}`, { period: "day", retentionDays: 5 });
    expect(refused).toMatchObject({ status: 409, json: { errors: [{ pointer: "/period" }, {}, {}] } });
  });
}
