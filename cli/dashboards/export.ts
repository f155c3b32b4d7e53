import { writeFileSync } from "node:fs";
import type { ApiTarget } from "#cli/api-target.ts";
import { type ExportCall, readExportCall } from "#cli/dashboards/export-call.ts";
import { openApiEvents } from "#cli/haproxy/api-events.ts";
import { subjectsOf } from "#core/dashboards/subjects.ts";
import { HAPROXY_EVENT_TYPE } from "#core/events/event-types.ts";
import { grafanaDashboard } from "#stores/opensearch/dashboards/grafana-dashboard.ts";
import { toNdjson } from "#stores/opensearch/dashboards/saved-object.ts";
import { savedObjects } from "#stores/opensearch/dashboards/saved-objects.ts";

const HELP = `Writes dashboards of a namespace as a file to import: an overview, and one for each gateway and deployment.

  pulse dashboards export [options]

  --gateway <name>      of these gateways, named as log lines name them; may be repeated
  --deployment <name>   of these deployments; may be repeated
  --url <url>           otherwise of all that this Pulse API has events of (default http://127.0.0.1:3000)
  --authorization-file <file>
                        holds what the Authorization header says: "token <API key>" or "Bearer <token>"
                        (default: the environment's PULSE_AUTHORIZATION)
  --namespace <name>    (default "default")
  --grafana             one dashboard for Grafana's OpenSearch data source, in which the gateway is chosen
  --out <file>          (default: standard output)
  --help

Without --grafana it is for OpenSearch Dashboards: Management, Saved Objects, Import. Made again it has the same ids, and takes
the place of what was imported before. docs/dashboards.md says what each panel shows.

Example: pulse dashboards export --url https://pulse.example.com --out pulse.ndjson
`;

/** `pulse dashboards export`. */
export async function exportDashboards(args: string[]): Promise<void> {
  const call = readExportCall(args);
  if (call === "help") {
    process.stdout.write(HELP);
    return;
  }
  const text = await textOf(call);
  if (call.file === undefined) process.stdout.write(text);
  else writeFileSync(call.file, text);
}

async function textOf({ namespace, made, subjects }: ExportCall): Promise<string> {
  if (made === "grafana") return `${JSON.stringify(grafanaDashboard(namespace), null, 2)}\n`;
  const { gateways, deployments } = "url" in subjects ? await askedNames(subjects) : subjects;
  const known = { namespace, seenGateways: gateways, declaredGateways: [], deployments };
  return toNdjson(savedObjects(subjectsOf(known)));
}

async function askedNames(target: ApiTarget) {
  const events = openApiEvents(target);
  const names = async (type: string, generic: string): Promise<string[]> => {
    const counts = await events.countByTag({ type, tags: [] }, generic);
    return [...counts.keys()].map((tag) => tag.slice(generic.length + 1));
  };
  const gateways = await names(HAPROXY_EVENT_TYPE, "gateways");
  return { gateways, deployments: await names("health", "deployments") };
}
