import { UsageError } from "#cli/usage-error.ts";

const HELP = `Pictures of gateways and deployments, made for the tool that shows them.

  pulse dashboards export   as a file to import
  pulse dashboards export --help

Example: pulse dashboards export --gateway web --out pulse.ndjson
`;

/** `pulse dashboards`. */
export async function dashboards([name, ...args]: string[]): Promise<void> {
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    process.stdout.write(HELP);
    return;
  }
  if (name !== "export") throw new UsageError(`dashboards takes export, not "${name}" (pulse dashboards --help)`);
  const { exportDashboards } = await import("#cli/dashboards/export.ts");
  await exportDashboards(args);
}
