import type { Client } from "@opensearch-project/opensearch";
import type { EventTypeDeclaration } from "#core/events/types/event-types.ts";
import { request } from "./client.ts";
import { failure } from "./failure.ts";
import { INDICES_PER_REQUEST } from "./index-names.ts";

/*
 * Index State Management, a plugin that AWS's domains have, deletes indices by their age. Its requests and answers are
 * as https://docs.opensearch.org/latest/im-plugin/ism/api/ has them.
 */

const POLICIES = "/_plugins/_ism/policies";

/** How long the indices of a pattern are kept. */
export interface Retention extends Pick<EventTypeDeclaration, "period" | "retentionDays"> {
  /** Of the policy. */
  readonly name: string;
  readonly pattern: string;
  /** Above others whose pattern fits as well. */
  readonly priority: number;
  /** Whether indices of the pattern belong to it that have another policy already. */
  readonly takesOver: boolean;
}

const PERIOD_DAYS = { day: 1, month: 31 } as const;

/**
 * Deletes an index that is as old as its period and the retention together: the first event of a period makes its
 * index, so all of the period is then longer ago than it is retained.
 */
export const retentionPolicy = ({ period, retentionDays, pattern, priority }: Retention) => ({
  policy: {
    description: `Pulse: a ${period} of events is deleted when all of it is ${retentionDays} days ago`,
    default_state: "kept",
    states: [
      {
        name: "kept",
        actions: [],
        transitions: [{ state_name: "past", conditions: { min_index_age: `${retentionDays + PERIOD_DAYS[period]}d` } }],
      },
      { name: "past", actions: [{ delete: {} }], transitions: [] },
    ],
    ism_template: [{ index_patterns: [pattern], priority }],
  },
});

/** Said where a cluster is expected to delete by itself. */
export const NOTHING_DELETES =
  "the cluster has no Index State Management, so nothing deletes events that are past their retention";

interface HeldPolicy {
  readonly _seq_no: number;
  readonly _primary_term: number;
  readonly policy: { readonly description: string };
}

const pathOf = (name: string): string => `${POLICIES}/${encodeURIComponent(name)}`;

async function readPolicy(client: Client, name: string): Promise<HeldPolicy | "no plugin" | undefined> {
  const { status, body } = await request<HeldPolicy>(client, { method: "GET", path: pathOf(name), expect: [400, 404] });
  // Measured: "no handler found for uri".
  if (status === 400) return "no plugin";
  return status === 404 ? undefined : body;
}

/** How a retention stands: its policy is there, or not, or is another one, which says in `instead` what it does. */
export type RetentionStanding = "as installed" | "missing" | "no plugin" | { readonly instead: string };

export async function standingOfRetention(client: Client, retention: Retention): Promise<RetentionStanding> {
  const held = await readPolicy(client, retention.name);
  if (held === "no plugin") return held;
  if (held === undefined) return "missing";
  const { description } = retentionPolicy(retention).policy;
  return held.policy.description === description ? "as installed" : { instead: held.policy.description };
}

/**
 * Puts the policy, for indices to come and for those there are. Answers whether the cluster has the plugin: where it
 * does not, nothing is deleted by itself.
 */
export async function installRetention(client: Client, retention: Retention): Promise<boolean> {
  const held = await readPolicy(client, retention.name);
  if (held === "no plugin") return false;
  const body = retentionPolicy(retention);
  const isNew = held?.policy.description !== body.policy.description;
  if (isNew) {
    const path = pathOf(retention.name);
    const query = held === undefined ? {} : { if_seq_no: held._seq_no, if_primary_term: held._primary_term };
    const { status: put } = await request(client, { method: "PUT", path, query, body, expect: [409] });
    if (put === 409)
      throw failure("unavailable", `has a retention policy ${retention.name} that somebody else just put`);
  }
  await manage(client, retention, isNew);
  return true;
}

/** Gives indices that exist their policy: an index keeps the one, and the version of it, that it was given. */
async function manage(client: Client, { name, pattern, takesOver }: Retention, isNew: boolean): Promise<void> {
  const policies = await policiesOf(client, pattern);
  const unmanaged: string[] = [];
  const managed: string[] = [];
  for (const [index, policy] of policies) {
    if (policy === null) unmanaged.push(index);
    else if (policy === name ? isNew : takesOver) managed.push(index);
  }
  await tell(client, "add", unmanaged, name);
  await tell(client, "change_policy", managed, name);
}

const POLICY_SETTING = "index.plugins.index_state_management.policy_id";

/** The policy of each index of the pattern; null where it has none. */
async function policiesOf(client: Client, pattern: string): Promise<readonly (readonly [string, string | null])[]> {
  const { status, body } = await request<Readonly<Record<string, unknown>>>(client, {
    method: "GET",
    path: `/_plugins/_ism/explain/${pattern}`,
    expect: [404],
  });
  if (status === 404) return [];
  return Object.entries(body).flatMap(([index, told]) =>
    typeof told === "object" && told !== null
      ? [[index, (told as Readonly<Record<string, string | null>>)[POLICY_SETTING] ?? null] as const]
      : [],
  );
}

interface Told {
  readonly failed_indices?: readonly { readonly index_name: string; readonly reason: string }[];
}

/** Another was quicker, or the index is just being deleted: both are as it should be. */
const IS_SO_ALREADY = /already has a policy|transitioning/;

async function tell(
  client: Client,
  verb: "add" | "change_policy",
  indices: readonly string[],
  policy: string,
): Promise<void> {
  for (let from = 0; from < indices.length; from += INDICES_PER_REQUEST) {
    const names = indices.slice(from, from + INDICES_PER_REQUEST).join(",");
    const path = `/_plugins/_ism/${verb}/${names}`;
    const { body } = await request<Told>(client, { method: "POST", path, body: { policy_id: policy } });
    const failed = body.failed_indices?.find(({ reason }) => !IS_SO_ALREADY.test(reason));
    if (failed !== undefined)
      throw failure("unavailable", `did not take the retention of ${failed.index_name}: ${failed.reason}`);
  }
}
