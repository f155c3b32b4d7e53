import type { Panel } from "#core/dashboards/panel.ts";
import {
  DEPLOYMENT_PANELS,
  GATEWAY_PANELS,
  GATEWAY_PANELS_OF_DEPLOYMENT,
  OVERVIEW_PANELS,
} from "#core/dashboards/panels.ts";
import type { DashboardSubjects, WatchedDeployment, WatchedGateway } from "#core/dashboards/subjects.ts";
import { DEFAULT_NAMESPACE } from "#core/namespaces.ts";
import { DEFAULT_PREFIX } from "#stores/opensearch/index-names.ts";
import { dashboard } from "./dashboard.ts";
import { indexPattern, PANEL_SOURCES } from "./index-pattern.ts";
import { SAVED_OBJECT_TYPES, type SavedObject, type Subject, subjectId } from "./saved-object.ts";
import { savedSearch } from "./saved-search.ts";
import { visualization, visualizationKey } from "./visualization.ts";

/**
 * All objects of a namespace: an overview, and a dashboard for each gateway and deployment. They depend on nothing but
 * the names, so made again they are the same; each stands behind those that it refers to.
 */
export function savedObjects(subjects: DashboardSubjects, prefix = DEFAULT_PREFIX): readonly SavedObject[] {
  const { namespace, gateways, deployments } = subjects;
  return [
    ...PANEL_SOURCES.map((source) => indexPattern(prefix, namespace, source)),
    ...overviewObjects(namespace),
    ...gateways.flatMap((gateway) => gatewayObjects(namespace, gateway)),
    ...deployments.flatMap((deployment) => deploymentObjects(namespace, deployment)),
  ].sort((one, other) => orderOf(one) - orderOf(other));
}

const orderOf = ({ type }: SavedObject): number => SAVED_OBJECT_TYPES.indexOf(type);

/** Namespaces may stand side by side in one OpenSearch Dashboards. */
const titled = (namespace: string, title: string): string =>
  namespace === DEFAULT_NAMESPACE ? title : `${title} [${namespace}]`;

function overviewObjects(namespace: string): readonly SavedObject[] {
  const id = subjectId(namespace, "overview");
  const title = titled(namespace, "gateways");
  return [
    savedSearch({ id, title, namespace, source: "haproxy" }),
    ...OVERVIEW_PANELS.map((panel) =>
      visualization({ id: panelId(id, panel), title: titled(namespace, panel.title), namespace, panel }),
    ),
    dashboard({
      id,
      title: titled(namespace, "Pulse"),
      description: "All gateways together, and what else happens. Made by Pulse.",
      panels: OVERVIEW_PANELS.map((panel) => visualizationKey(panelId(id, panel))),
    }),
  ];
}

function gatewayObjects(namespace: string, { name, tags }: WatchedGateway): readonly SavedObject[] {
  const id = subjectId(namespace, { kind: "gateway", name });
  return [
    savedSearch({ id, title: titled(namespace, `gateway: ${name}`), namespace, source: "haproxy", tags }),
    ...panelObjects(namespace, { kind: "gateway", name }, GATEWAY_PANELS, tags),
    dashboard({
      id,
      title: titled(namespace, `gateway: ${name}`),
      description: `What the gateway ${name} logs. Made by Pulse.`,
      panels: GATEWAY_PANELS.map((panel) => visualizationKey(panelId(id, panel))),
    }),
  ];
}

function deploymentObjects(namespace: string, { name, gateways }: WatchedDeployment): readonly SavedObject[] {
  const id = subjectId(namespace, { kind: "deployment", name });
  const ofGateways = gateways.flatMap((gateway) => {
    const gatewayId = subjectId(namespace, { kind: "gateway", name: gateway.name });
    return GATEWAY_PANELS_OF_DEPLOYMENT.map((key) => visualizationKey(panelId(gatewayId, { key })));
  });
  return [
    ...panelObjects(namespace, { kind: "deployment", name }, DEPLOYMENT_PANELS, [`deployments:${name}`]),
    dashboard({
      id,
      title: titled(namespace, `deployment: ${name}`),
      description: `The gateways of the deployment ${name}, and its health. Made by Pulse.`,
      panels: [...ofGateways, ...DEPLOYMENT_PANELS.map((panel) => visualizationKey(panelId(id, panel)))],
    }),
  ];
}

/** Log lines are drawn as the subject's search finds them, what was measured by its tags. */
const panelObjects = (
  namespace: string,
  subject: Exclude<Subject, "overview">,
  panels: readonly Panel[],
  tags: readonly string[],
): readonly SavedObject[] =>
  panels.map((panel) => {
    const id = subjectId(namespace, subject);
    return visualization({
      id: panelId(id, panel),
      title: titled(namespace, `${panel.title}: ${subject.name}`),
      namespace,
      panel,
      ...(panel.source === "haproxy" ? { searchId: id } : { tags }),
    });
  });

const panelId = (id: string, { key }: Pick<Panel, "key">): string => `${id}.${key}`;
