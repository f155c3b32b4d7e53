import type { CdkCustomResourceEvent, CdkCustomResourceResponse } from "aws-lambda";
import type { Clock } from "#core/clock.ts";
import { type AskTags, seenNames } from "#core/dashboards/seen-names.ts";
import { subjectsOf } from "#core/dashboards/subjects.ts";
import type { EventStore } from "#core/events/event-store.ts";
import { everyEvent } from "#core/events/query/event-filter.ts";
import { DAY_MS } from "#core/events/time/calendar.ts";
import { type Declarations, declaredTopology } from "#core/workflows/declared-topology.ts";
import { log } from "#functions/shared/log.ts";
import { type RetryPolicy, retrying } from "#stores/opensearch/backoff.ts";
import { changes } from "#stores/opensearch/dashboards/changes.ts";
import { ownedPrefix } from "#stores/opensearch/dashboards/saved-object.ts";
import { savedObjects } from "#stores/opensearch/dashboards/saved-objects.ts";
import type { SavedObjectsApi } from "#stores/opensearch/dashboards/saved-objects-api.ts";

export interface UpdateDashboardsOptions {
  readonly store: Pick<EventStore, "aggregate">;
  readonly dashboards: Pick<SavedObjectsApi, "held" | "put" | "remove">;
  readonly declarations: Declarations;
  readonly namespaces: readonly string[];
  /** How long log lines are kept: a gateway is gone when its last line is. */
  readonly retentionDays: number;
  readonly clock: Clock;
}

/**
 * Of gateways, and of deployments, that only events know, those with the most
 * events: who sends lines may name any number.
 */
export const MAX_SEEN = 300;

/** A call by the schedule, or by a deployment, which waits for an answer. */
export type UpdateCall = CdkCustomResourceEvent | { readonly RequestType?: undefined };

/** Two minutes or so: after a deployment, until the rights inside OpenSearch have spread. */
const PATIENCE: RetryPolicy = { tries: 12, baseMs: 1000, maxMs: 15_000 };
const ANSWER: CdkCustomResourceResponse = { PhysicalResourceId: "dashboards" };

/**
 * Gives each gateway and deployment that is declared, or that events tell of, its dashboard, and takes away those of
 * which there is nothing any more. What is as it must be is not written again, and objects of others are never touched.
 * Of two at once the one that read its names earlier may write what is older, until the next call; it removes nothing
 * that the other made. No deployment fails for a picture: what could not be done then is left to the schedule.
 */
export const updateDashboardsHandler =
  (options: UpdateDashboardsOptions, patience = PATIENCE) =>
  async (call: UpdateCall): Promise<CdkCustomResourceResponse | undefined> => {
    if (call.RequestType === undefined) {
      await updateAll(options);
      return undefined;
    }
    const change = call.RequestType === "Delete" ? removeAll : updateAll;
    await retrying(patience, () => change(options)).catch((error: Error) =>
      log.error("dashboards are left as they were", { error }),
    );
    return ANSWER;
  };

async function updateAll(options: UpdateDashboardsOptions): Promise<void> {
  for (const namespace of options.namespaces) await updateNamespace(namespace, options);
}

async function removeAll({ dashboards, namespaces }: UpdateDashboardsOptions): Promise<void> {
  for (const namespace of namespaces) {
    const { remove } = changes(await dashboards.held(ownedPrefix(namespace)), []);
    for (const key of remove) await dashboards.remove(key);
  }
}

async function updateNamespace(namespace: string, options: UpdateDashboardsOptions): Promise<void> {
  const { dashboards, declarations, clock } = options;
  const nowMs = clock.now();
  // Read before the names, so that nothing is removed that another run makes of names that come later.
  const held = await dashboards.held(ownedPrefix(namespace));
  const [seen, declaredAt] = await Promise.all([
    seenNames(askTags(namespace, options, nowMs)),
    declaredTopology(namespace, declarations),
  ]);
  const wanted = savedObjects(subjectsOf(namespace, seen, declaredAt(nowMs)));
  const { put, remove } = changes(held, wanted);
  await dashboards.put(put);
  // With this many names the list may be cut: a name that is missing may just have fewer events.
  const isCut = Math.max(seen.gateways.length, seen.deployments.length) >= MAX_SEEN;
  if (isCut) log.warn("more gateways or deployments than can have dashboards: none is removed", { namespace });
  else for (const key of remove) await dashboards.remove(key);
  log.info("dashboards are as they must be", { namespace, put: put.length, removed: isCut ? 0 : remove.length });
}

/** By when events were received, as they are retained: a gateway whose clock is wrong is there all the same. */
const askTags =
  (namespace: string, { store, retentionDays }: UpdateDashboardsOptions, nowMs: number): AskTags =>
  async (type, generic) => {
    const query = { ...everyEvent(namespace), types: [type], receivedFromMs: nowMs - retentionDays * DAY_MS };
    const groupBy = { by: "tag", generic } as const;
    const answer = await store.aggregate(query, { aggregator: { type: "count" }, groupBy, size: MAX_SEEN });
    if (!("groups" in answer)) throw new TypeError("a store answers groups where groups are asked for");
    return answer.groups.map(({ key }) => String(key));
  };
