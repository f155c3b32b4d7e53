import { parseArgs } from "node:util";
import { type ApiTarget, apiTarget } from "#cli/api-target.ts";
import { parsed, pathOfCaller, wrongCall } from "#cli/call.ts";
import { DEFAULT_NAMESPACE, isNamespace } from "#core/namespaces.ts";

/** What `pulse dashboards export` is asked to do. */
export interface ExportCall {
  readonly namespace: string;
  readonly made: "opensearch-dashboards" | "grafana";
  /** What the dashboards are about: those that are named, or those that an API knows. */
  readonly subjects: { readonly gateways: readonly string[]; readonly deployments: readonly string[] } | ApiTarget;
  /** @default - standard output */
  readonly file: string | undefined;
}

export function readExportCall(args: string[]): ExportCall | "help" {
  const values = parsed("dashboards export", () => parse(args));
  if (values.help) return "help";
  const { namespace = DEFAULT_NAMESPACE, grafana = false, out, gateway = [], deployment = [] } = values;
  const faults: string[] = [];
  if (!isNamespace(namespace)) faults.push(`--namespace takes 1–40 lower-case letters, digits and "-"`);
  for (const name of [...gateway, ...deployment]) if (name === "") faults.push("a name is missing");
  const isNamed = gateway.length + deployment.length > 0;
  if (isNamed && grafana) faults.push("--grafana takes no names: the gateway is chosen in Grafana");
  if (isNamed)
    for (const option of ["url", "authorization-file"] as const)
      if (values[option] !== undefined) faults.push(`--${option} asks for the names that are given`);
  // Grafana asks for gateways itself.
  const isGiven = isNamed || grafana;
  const target = isGiven ? undefined : apiTarget(values, namespace, faults);
  if (faults.length > 0) throw wrongCall("dashboards export", faults);
  return {
    namespace,
    made: grafana ? "grafana" : "opensearch-dashboards",
    subjects: target ?? { gateways: gateway, deployments: deployment },
    file: out === undefined ? undefined : pathOfCaller(out),
  };
}

const parse = (args: string[]) =>
  parseArgs({
    args,
    options: {
      gateway: { type: "string", multiple: true },
      deployment: { type: "string", multiple: true },
      namespace: { type: "string" },
      url: { type: "string" },
      "authorization-file": { type: "string" },
      grafana: { type: "boolean" },
      out: { type: "string" },
      help: { type: "boolean", short: "h" },
    },
  }).values;
