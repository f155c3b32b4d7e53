import type { SeenNames } from "#core/dashboards/subjects.ts";
import { HAPROXY_EVENT_TYPE } from "#core/events/types/event-types.ts";

/**
 * Asks for the tags `<generic>:…` that events of the type have; those that most have, as many as are answered at once.
 */
export type AskTags = (type: string, generic: string) => Promise<Iterable<string>>;

/** The gateways that log lines name, and the deployments of which anything was measured. */
export async function seenNames(ask: AskTags): Promise<SeenNames> {
  const names = async (type: string, generic: string): Promise<readonly string[]> =>
    Array.from(await ask(type, generic), (tag) => tag.slice(generic.length + 1));
  const [gateways, ...deployments] = await Promise.all([
    names(HAPROXY_EVENT_TYPE, "gateways"),
    names("health", "deployments"),
    names("allocation", "deployments"),
  ]);
  return { gateways, deployments: [...new Set(deployments.flat())] };
}
