import type { CdkCustomResourceEvent, CdkCustomResourceResponse } from "aws-lambda";
import type { Clock } from "#core/clock.ts";
import { subjectsOf } from "#core/dashboards/subjects.ts";
import { DAY_MS } from "#core/events/calendar.ts";
import { everyEvent } from "#core/events/event-filter.ts";
import type { EventStore } from "#core/events/event-store.ts";
import { HAPROXY_EVENT_TYPE } from "#core/events/event-types.ts";
import { log } from "#functions/shared/log.ts";
import { type RetryPolicy, retrying } from "#stores/opensearch/backoff.ts";
import { changes } from "#stores/opensearch/dashboards/changes.ts";
import { ownedPrefix } from "#stores/opensearch/dashboards/saved-object.ts";
import { savedObjects } from "#stores/opensearch/dashboards/saved-objects.ts";
import type { SavedObjectsApi } from "#stores/opensearch/dashboards/saved-objects-api.ts";

export interface UpdateDashboardsOptions {
  readonly store: Pick<EventStore, "aggregate">;
  readonly dashboards: Pick<SavedObjectsApi, "held" | "put" | "remove">;
  readonly namespaces: readonly string[];
  /** How long log lines are kept: a gateway is gone when its last line is. */
  readonly retentionDays: number;
  readonly clock: Clock;
}

/** Of gateways, and of deployments, those with the most events; whoever may send log lines may name any number. */
export const MAX_SUBJECTS = 300;

/** A call by the schedule, or by a deployment, which waits for an answer. */
export type UpdateCall = CdkCustomResourceEvent | { readonly RequestType?: undefined };

/** Two minutes or so: after a deployment, until the rights inside OpenSearch have spread. */
const PATIENCE: RetryPolicy = { tries: 12, baseMs: 1000, maxMs: 15_000 };
const ANSWER: CdkCustomResourceResponse = { PhysicalResourceId: "dashboards" };

/**
 * Gives each gateway and deployment that events tell of its dashboard, and takes away those of which nothing is kept any
 * more. What is as it must be is not written again, and objects of others are never touched. Two at once write the same.
 * No deployment fails for a picture: what could not be done then is left to the schedule.
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

async function updateNamespace(
  namespace: string,
  { store, dashboards, retentionDays, clock }: UpdateDashboardsOptions,
) {
  const fromMs = clock.now() - retentionDays * DAY_MS;
  const gateways = await namesIn(store, { namespace, types: [HAPROXY_EVENT_TYPE], generic: "gateways", fromMs });
  const deployments = await namesIn(store, {
    namespace,
    types: ["health", "allocation"],
    generic: "deployments",
    fromMs,
  });
  const wanted = savedObjects(subjectsOf({ namespace, seenGateways: gateways, declaredGateways: [], deployments }));
  const { put, remove } = changes(await dashboards.held(ownedPrefix(namespace)), wanted);
  await dashboards.put(put);
  // Of as many as this, those that are left out may only be the quieter ones.
  const isCut = Math.max(gateways.length, deployments.length) >= MAX_SUBJECTS;
  if (isCut) log.warn("more gateways or deployments than can have dashboards: none is removed", { namespace });
  else for (const key of remove) await dashboards.remove(key);
  log.info("dashboards are as they must be", { namespace, put: put.length, removed: isCut ? 0 : remove.length });
}

interface Named {
  readonly namespace: string;
  readonly types: readonly string[];
  readonly generic: string;
  readonly fromMs: number;
}

/** The names behind the tags `<generic>:…`, those with the most events first. */
async function namesIn(
  store: UpdateDashboardsOptions["store"],
  { namespace, types, generic, fromMs }: Named,
): Promise<readonly string[]> {
  const answer = await store.aggregate(
    { ...everyEvent(namespace), types, fromMs },
    { aggregator: { type: "count" }, groupBy: { by: "tag", generic }, size: MAX_SUBJECTS },
  );
  if (!("groups" in answer)) throw new TypeError("a store answers groups where groups are asked for");
  return answer.groups.map(({ key }) => String(key).slice(generic.length + 1));
}
