import { writeFileSync } from "node:fs";
import type { ApiTarget } from "#cli/api-target.ts";
import { openApiArtifacts } from "#cli/dashboards/api-artifacts.ts";
import { type ExportCall, readExportCall } from "#cli/dashboards/export-call.ts";
import { openApiEvents } from "#cli/haproxy/api-events.ts";
import { parseSource } from "#core/artifacts/read-source.ts";
import { seenNames } from "#core/dashboards/seen-names.ts";
import { type DashboardSubjects, NOTHING_DECLARED, subjectsOf } from "#core/dashboards/subjects.ts";
import { declaredTopology, type ReadSource } from "#core/workflows/declared-topology.ts";
import { grafanaDashboard } from "#stores/opensearch/dashboards/grafana-dashboard.ts";
import { toNdjson } from "#stores/opensearch/dashboards/saved-object.ts";
import { savedObjects } from "#stores/opensearch/dashboards/saved-objects.ts";

const HELP = `Writes dashboards of a namespace as a file to import: an overview, and one for each gateway and deployment.

  pulse dashboards export [options]

  --gateway <name>      of these gateways, named as log lines name them; may be repeated
  --deployment <name>   of these deployments; may be repeated
  --url <url>           otherwise of all that this Pulse API has events or artifacts of (default http://127.0.0.1:3000)
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
  const watched =
    "url" in subjects ? await askedSubjects(namespace, subjects) : subjectsOf(namespace, subjects, NOTHING_DECLARED);
  return toNdjson(savedObjects(watched));
}

async function askedSubjects(namespace: string, target: ApiTarget): Promise<DashboardSubjects> {
  const events = openApiEvents(target);
  const seen = await seenNames(async (type, generic) => (await events.countByTag({ type, tags: [] }, generic)).keys());
  const artifacts = openApiArtifacts(target);
  const readSource: ReadSource = ({ source, format }) => parseSource(source, format);
  const declaredAt = await declaredTopology(namespace, { artifacts, readSource });
  return subjectsOf(namespace, seen, declaredAt(Number.POSITIVE_INFINITY));
}
