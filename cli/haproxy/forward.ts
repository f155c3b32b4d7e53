import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { Forwarder } from "#agent/forwarder.ts";
import { openLog } from "#agent/log.ts";
import { type ForwardSettings, isSafe, readSettings } from "#agent/settings.ts";
import { parsed, pathOfCaller, wrongCall } from "#cli/call.ts";
import { systemClock } from "#core/clock.ts";

const HELP = `Takes a gateway's log lines in, keeps them on disk, and sends them to Pulse: each once, whatever is restarted.

  pulse haproxy forward --to <where> --spool <folder> <inputs> [options]

  --to <where>                the URL of a Pulse API, or kinesis:<stream> with the region and credentials of the environment
  --spool <folder>            where lines are kept until they are delivered: one folder for each agent

Inputs, as many as there are:
  --udp <host:port>           syslog datagrams
  --tcp <host:port>           syslog streams, octet-counted or a line each: a ring of HAProxy
  --unix <path>               the same through a socket of the Unix domain
  --unix-datagram <path>      datagrams through such a socket (python3 reads it)
  --file <path>               a log file, followed through rotations

Options:
  --source <name>             the gateway's name (default: this machine's)
  --zone <zone>               of the gateway's clock, like Europe/Berlin (default: this machine's)
  --namespace <name>          (default: default)
  --files-from <start|end>    where a file begins that was never read (default: start)
  --receive-buffer-mib <n>    what the kernel shall keep of a burst of datagrams (default 8)
  --spool-mib <n>             what the spool may take (default 1024)
  --when-full <what>          drop-newest, drop-oldest, or block: senders over TCP and files wait (default drop-newest)
  --sync <when>               block: on the disk before it counts as spooled; never: the system decides (default block)
  --authorization-file <file> what the Authorization header says, like: token <API key>; else PULSE_AUTHORIZATION has it
  --status <host:port>        /metrics and /healthz (default 127.0.0.1:9470; off)
  --drain-seconds <n>         how long is sent after SIGTERM (default 10); the rest stays in the spool
  --config <file>             JSON of the same names in camel case; options here go before it. SIGHUP reads it again
  --help

It tells of itself on standard error, a JSON object a line. docs/forwarder.md has the rest.

Examples: pulse haproxy forward --udp 127.0.0.1:5514 --to http://127.0.0.1:3000 --spool /var/lib/pulse-forward
          pulse haproxy forward --tcp 127.0.0.1:5514 --to kinesis:haproxy-logs --spool /var/lib/pulse-forward --zone UTC
          pulse haproxy forward --config /etc/pulse/forward.json
`;

/** `pulse haproxy forward`: runs until it is told to stop (Ctrl-C, SIGTERM). */
export async function forward(args: string[]): Promise<void> {
  const values = parsed("haproxy forward", () => parse(args));
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const read = (): ForwardSettings => settingsOf(values);
  const settings = read();
  const log = openLog((line) => process.stderr.write(line), Date.now);
  const authorization = process.env.PULSE_AUTHORIZATION;
  const starting = Forwarder.start(settings, { log, clock: systemClock, authorization });
  // From the beginning: a signal that nobody listens to ends the process, also
  // in the moment after it says that it runs.
  const ending = told();
  process.on("SIGHUP", async () => {
    try {
      await (await starting).reload(read());
    } catch (error) {
      log.error("the settings are left as they were", { error });
    }
  });
  const forwarder = await starting;
  const signal = await ending;
  log.info("the agent ends", { signal });
  await forwarder.stop();
}

type Values = ReturnType<typeof parse>;

const parse = (args: string[]) =>
  parseArgs({
    args,
    options: {
      to: { type: "string" },
      spool: { type: "string" },
      udp: { type: "string", multiple: true },
      tcp: { type: "string", multiple: true },
      unix: { type: "string", multiple: true },
      "unix-datagram": { type: "string", multiple: true },
      file: { type: "string", multiple: true },
      source: { type: "string" },
      zone: { type: "string" },
      namespace: { type: "string" },
      "files-from": { type: "string" },
      "receive-buffer-mib": { type: "string" },
      "spool-mib": { type: "string" },
      "when-full": { type: "string" },
      sync: { type: "string" },
      "authorization-file": { type: "string" },
      status: { type: "string" },
      "drain-seconds": { type: "string" },
      config: { type: "string" },
      help: { type: "boolean", short: "h" },
    },
  }).values;

/** The settings of the file, if there is one, under those of the options; all that is wrong is told at once. */
function settingsOf({ config, help: _, ...options }: Values): ForwardSettings {
  const fromFile = config === undefined ? {} : readConfig(pathOfCaller(config));
  const fromOptions = Object.entries(options).map(([name, given]) => [camelCase(name), numberOr(given)]);
  const read = readSettings({ ...fromFile, ...Object.fromEntries(fromOptions) });
  if ("faults" in read)
    throw wrongCall(
      "haproxy forward",
      read.faults.map(({ pointer, detail }) => `${pointer.slice(1) || "the call"} ${detail}`),
    );
  const { settings } = read;
  if (process.env.PULSE_AUTHORIZATION !== undefined && !isSafe(settings.destination))
    throw wrongCall("haproxy forward", ["what PULSE_AUTHORIZATION says goes over https only, or to this machine"]);
  return {
    ...settings,
    spool: pathOfCaller(settings.spool),
    file: settings.file.map(pathOfCaller),
    authorizationFile: settings.authorizationFile && pathOfCaller(settings.authorizationFile),
  };
}

function readConfig(path: string): object {
  let config: unknown;
  try {
    config = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw wrongCall("haproxy forward", [`${path} cannot be read: ${(error as Error).message}`]);
  }
  if (typeof config !== "object" || config === null || Array.isArray(config))
    throw wrongCall("haproxy forward", [`${path} must hold a JSON object`]);
  return config;
}

const camelCase = (name: string): string => name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());

const numberOr = (given: Values[keyof Values]): unknown =>
  typeof given === "string" && /^\d{1,9}$/.test(given) ? Number(given) : given;

/** The first signal to stop; a second one ends the process at once, as a kill does. */
const told = (): Promise<string> =>
  new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const)
      process.once(signal, () => {
        process.once(signal, () => process.exit(1));
        resolve(signal);
      });
  });
