import { UsageError } from "#cli/usage-error.ts";

const HELP = `What HAProxy logs, for people and programs.

  pulse haproxy parse     log lines into JSON, with every field by its name and type
  pulse haproxy explain   the fields of a log-format or a whole haproxy.cfg; what a termination state means
  pulse haproxy forward   the agent beside a gateway: its lines, kept on disk, to Pulse
  pulse haproxy verify    whether all lines that agents were given have become events
  pulse haproxy <command> --help

Example: pulse haproxy explain sH--
`;

/** Commands by name; each is loaded when it is called. */
const COMMANDS: Readonly<Record<string, () => Promise<(args: string[]) => Promise<void> | void>>> = {
  parse: async () => (await import("#cli/haproxy/parse.ts")).parse,
  forward: async () => (await import("#cli/haproxy/forward.ts")).forward,
  explain: async () => (await import("#cli/haproxy/explain.ts")).explain,
  verify: async () => (await import("#cli/haproxy/verify.ts")).verify,
};

/** `pulse haproxy`. */
export async function haproxy([name, ...args]: string[]): Promise<void> {
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    process.stdout.write(HELP);
    return;
  }
  const command = await COMMANDS[name]?.();
  if (command === undefined)
    throw new UsageError(`there is no command "haproxy ${name}"; pulse haproxy --help lists them`);
  await command(args);
}
