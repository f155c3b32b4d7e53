#!/usr/bin/env node
import { reportFailure } from "#cli/report-failure.ts";
import { UsageError } from "#cli/usage-error.ts";

const HELP = `pulse: the event stream of a platform

  pulse serve      the whole service on this machine, on an embedded store or a real OpenSearch
  pulse replay     archived events into OpenSearch again: rebuilds an index, or what it lacks
  pulse redrive    dead letters into the journal again, once what refused them is put right
  pulse doctor     what is not well, here or in a deployment, and what to do about it
  pulse keys       API keys of a deployment: create, list, revoke
  pulse triggers   deliveries of triggers that were given up: list them, send them again
  pulse dashboards pictures of gateways for OpenSearch Dashboards or Grafana, as a file
  pulse haproxy    log lines of gateways: forwarded, verified, parsed, explained
  pulse --version
  pulse <command> --help

Example: pulse serve --port 3000
`;

/** Commands by name; each is loaded when it is called. */
const COMMANDS: Readonly<Record<string, () => Promise<(args: string[]) => Promise<void>>>> = {
  serve: async () => (await import("#cli/serve.ts")).serve,
  replay: async () => (await import("#cli/replay.ts")).replay,
  redrive: async () => (await import("#cli/redrive.ts")).redrive,
  doctor: async () => (await import("#cli/doctor.ts")).doctor,
  keys: async () => (await import("#cli/keys.ts")).keys,
  triggers: async () => (await import("#cli/triggers.ts")).triggers,
  dashboards: async () => (await import("#cli/dashboards.ts")).dashboards,
  haproxy: async () => (await import("#cli/haproxy.ts")).haproxy,
};

async function main([name, ...args]: string[]): Promise<void> {
  if (name === undefined || name === "--help" || name === "-h" || name === "help") return print(HELP);
  if (name === "--version") return print(`${(await import("#functions/describe-api/version.ts")).VERSION}\n`);
  const command = await COMMANDS[name]?.();
  if (command === undefined) throw new UsageError(`there is no command "${name}"; pulse --help lists them`);
  await command(args);
}

const print = (text: string): void => {
  process.stdout.write(text);
};

try {
  await main(process.argv.slice(2));
} catch (error) {
  reportFailure(error);
}
