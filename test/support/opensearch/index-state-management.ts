import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

interface HeldPolicy {
  readonly seqNo: number;
  readonly policy: { readonly ism_template: unknown };
}

/** The plugin of AWS's domains, as far as Pulse speaks to it. */
export interface IndexStateManagement {
  readonly url: string;
  readonly policies: ReadonlyMap<string, HeldPolicy>;
  /** The policy of each index, and which version of it the index was given. */
  readonly managed: Map<string, { readonly policy: string; readonly seqNo: number } | undefined>;
  /** Told of each request before it is answered, as `PUT /path?query`. */
  onRequest: (line: string) => void;
  close(): Promise<void>;
}

/**
 * Index State Management over HTTP, with the answers of its public documentation
 * (https://docs.opensearch.org/latest/im-plugin/ism/api/) and the refusals of its source: the OpenSearch that tests run
 * against has no such plugin. What else is asked of it is done, and nothing is found.
 */
export async function openIndexStateManagement(): Promise<IndexStateManagement> {
  const policies = new Map<string, HeldPolicy>();
  const managed: IndexStateManagement["managed"] = new Map();
  let seqNo = 6;

  const isMeant = (index: string, names: string): boolean =>
    names.split(",").some((name) => (name.endsWith("*") ? index.startsWith(name.slice(0, -1)) : index === name));

  function putPolicy(name: string, query: URLSearchParams, { policy }: { policy: HeldPolicy["policy"] }) {
    const held = policies.get(name);
    const expected = query.get("if_seq_no");
    if (String(held?.seqNo ?? null) !== String(expected) || (held && query.get("if_primary_term") !== "1"))
      return [409, { error: { type: "version_conflict_engine_exception", reason: "version conflict" }, status: 409 }];
    policies.set(name, { seqNo: ++seqNo, policy });
    return [held ? 200 : 201, { _id: name, _version: 1, _primary_term: 1, _seq_no: seqNo, policy: { policy } }];
  }

  function change(names: string, policyId: string, refuse: (index: string) => string | undefined) {
    const policy = policies.get(policyId);
    if (policy === undefined)
      return [404, { error: { type: "status_exception", reason: `Could not find policy=${policyId}` } }];
    const failed = [];
    let updated = 0;
    for (const index of [...managed.keys()].filter((name) => isMeant(name, names))) {
      const reason = refuse(index);
      if (reason !== undefined) failed.push({ index_name: index, index_uuid: "gCFlS_zcTdih8xyxf3jQ-A", reason });
      else updated++;
      if (reason === undefined) managed.set(index, { policy: policyId, seqNo: policy.seqNo });
    }
    return [200, { updated_indices: updated, failures: failed.length > 0, failed_indices: failed }];
  }

  function answer(method: string, url: URL, body: unknown): readonly unknown[] {
    if (!url.pathname.startsWith("/_plugins/_ism/"))
      return method === "GET" ? [404, {}] : [200, { acknowledged: true }];
    const [, , , verb = "", names = ""] = url.pathname.split("/").map(decodeURIComponent);
    const { policy_id: policyId = "" } = (body ?? {}) as { policy_id?: string };
    switch (`${method} ${verb}`) {
      case "GET policies": {
        const held = policies.get(names);
        if (held === undefined) return [404, { error: { type: "status_exception", reason: "Policy not found" } }];
        return [200, { _id: names, _version: 2, _seq_no: held.seqNo, _primary_term: 1, policy: held.policy }];
      }
      case "PUT policies":
        return putPolicy(names, url.searchParams, body as { policy: HeldPolicy["policy"] });
      case "GET explain": {
        const told = [...managed].filter(([index]) => isMeant(index, names));
        const key = "index.plugins.index_state_management.policy_id";
        return [
          200,
          {
            ...Object.fromEntries(told.map(([index, held]) => [index, { [key]: held?.policy ?? null }])),
            total_managed_indices: told.filter(([, held]) => held !== undefined).length,
          },
        ];
      }
      case "POST add":
        return change(names, policyId, (index) =>
          managed.get(index) === undefined
            ? undefined
            : "This index already has a policy, use the update policy API to update index policies",
        );
      case "POST change_policy":
        return change(names, policyId, (index) =>
          managed.get(index) === undefined ? "This index is not being managed" : undefined,
        );
      default:
        return [405, { error: `no ${method} ${url.pathname}` }];
    }
  }

  const ism: Omit<IndexStateManagement, "url" | "close"> = { policies, managed, onRequest: () => {} };
  const server = createServer(async (request, response) => {
    ism.onRequest(`${request.method} ${request.url}`);
    const url = new URL(request.url ?? "/", "http://localhost");
    const [status, body] = answer(request.method ?? "", url, await jsonOf(request));
    response.writeHead(status as number, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return Object.assign(ism, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
}

async function jsonOf(request: IncomingMessage): Promise<unknown> {
  let text = "";
  for await (const chunk of request) text += chunk;
  return text === "" ? undefined : JSON.parse(text);
}
