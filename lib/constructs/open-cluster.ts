import { DependencyGroup } from "constructs";
import type { EventIndex } from "#lib/constructs/event-index.ts";

/**
 * An OpenSearch that is there already and asks nobody who they are: one inside a trusted network, or beside an
 * emulator. It has nothing to grant.
 */
export function openCluster(url: string): EventIndex {
  const nothing = new DependencyGroup();
  return {
    environment: { PULSE_OPENSEARCH_URL: url, PULSE_OPENSEARCH_AUTH: "none" },
    grantIndexRead: () => nothing,
    grantIndexWrite: () => nothing,
    grantForgetShards: () => nothing,
    grantUpdateDashboards: () => nothing,
    grantManageTemplates: () => nothing,
    grantDeclareTypes: () => nothing,
  };
}
