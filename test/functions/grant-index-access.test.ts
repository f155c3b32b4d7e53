import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "@jest/globals";
import type { CdkCustomResourceEvent } from "aws-lambda";
import { grantIndexAccessHandler } from "#functions/grant-index-access/grant-index-access.ts";
import { openClient } from "#stores/opensearch/client.ts";

interface Call {
  readonly line: string;
  readonly body: unknown;
}

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** An OpenSearch that writes down what it is asked and answers the statuses in turn, then always the last. */
async function aSecurityPlugin(...statuses: [number, ...number[]]) {
  const calls: Call[] = [];
  const server = createServer(async (request, response) => {
    calls.push({ line: `${request.method} ${request.url}`, body: await bodyOf(request) });
    const status = statuses.length > 1 ? (statuses.shift() as number) : statuses[0];
    response.writeHead(status, { "content-type": "application/json" }).end("{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const client = await openClient({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, auth: "none" });
  closing.push(
    () => client.close(),
    () => new Promise((resolve) => server.close(resolve)),
  );
  const handler = grantIndexAccessHandler(client, { tries: 5, baseMs: 1, maxMs: 1 });
  return { calls, handler, lines: () => calls.map(({ line }) => line) };
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = "";
  for await (const chunk of request) text += chunk;
  return text === "" ? undefined : JSON.parse(text);
}

const permissions = { cluster_permissions: ["cluster:monitor/main"], index_permissions: [] };

const asked = (event: { RequestType: "Create" | "Update" | "Delete"; PhysicalResourceId?: string }) =>
  ({
    ...event,
    ResourceProperties: { role: "pulse-query-events", backendRole: "arn:aws:iam::1:role/query", permissions },
  }) as unknown as CdkCustomResourceEvent;

const ROLE = "/_plugins/_security/api/roles/pulse-query-events";
const MAPPING = "/_plugins/_security/api/rolesmapping/pulse-query-events";

describe("grant-index-access", () => {
  test.each(["Create", "Update"] as const)("puts the role, then who has it, on %s", async (RequestType) => {
    const { calls, handler } = await aSecurityPlugin(200);

    const answer = await handler(asked({ RequestType }));

    expect(calls).toEqual([
      { line: `PUT ${ROLE}`, body: permissions },
      { line: `PUT ${MAPPING}`, body: { backend_roles: ["arn:aws:iam::1:role/query"] } },
    ]);
    expect(answer.PhysicalResourceId).toBe("access:pulse-query-events");
  });

  test("waits for a domain that does not know its master yet", async () => {
    const { handler, lines } = await aSecurityPlugin(403, 403, 200);

    await handler(asked({ RequestType: "Create" }));

    expect(lines()).toEqual([`PUT ${ROLE}`, `PUT ${ROLE}`, `PUT ${ROLE}`, `PUT ${MAPPING}`]);
  });

  test("fails the deployment when the domain never lets it in", async () => {
    const { handler, lines } = await aSecurityPlugin(403);

    await expect(handler(asked({ RequestType: "Create" }))).rejects.toThrow("403");
    expect(lines()).toHaveLength(5);
  });

  test("fails at once on what no retry can mend", async () => {
    const { handler, lines } = await aSecurityPlugin(400);

    await expect(handler(asked({ RequestType: "Create" }))).rejects.toThrow();
    expect(lines()).toHaveLength(1);
  });

  test("takes back what it gave, and does not mind when it is gone", async () => {
    const { handler, lines } = await aSecurityPlugin(404);

    await handler(asked({ RequestType: "Delete", PhysicalResourceId: "access:pulse-query-events" }));

    expect(lines()).toEqual([`DELETE ${MAPPING}`, `DELETE ${ROLE}`]);
  });

  test("takes nothing back for a resource that was never created", async () => {
    const { handler, lines } = await aSecurityPlugin(200);

    await handler(asked({ RequestType: "Delete", PhysicalResourceId: "Pulse-dev-Api-never-created" }));

    expect(lines()).toEqual([]);
  });
});
