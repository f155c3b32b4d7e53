import { flushCompileCache } from "node:module";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { pathOfCaller } from "#cli/call.ts";
import { UsageError } from "#cli/usage-error.ts";
import { isZone } from "#core/haproxy/local-time.ts";
import { DEFAULT_NAMESPACE, isNamespace } from "#core/namespaces.ts";
import { type LocalPulse, type LocalPulseOptions, startLocalPulse } from "#dev/local-pulse.ts";
import { BASE_PATH } from "#functions/routes.ts";

const HELP = `Runs Pulse on this machine: the functions that run on AWS, behind HTTP on loopback.

  pulse serve [options]          npm start -- [options]

  --port <n>            HTTP (default 3000; 0 takes a free one)
  --data <folder>       where the journal and the events are kept (default .pulse; :memory: keeps nothing)
  --opensearch <url>    keep events in this OpenSearch instead; the journal stays in the folder
  --syslog <n>          HAProxy's logs, UDP and TCP (default 5514; 0 listens nowhere)
  --syslog-zone <zone>  the time zone gateways log in, like Europe/Berlin or +02:00 (default UTC)
  --namespaces <a,b>    declared besides "default"
  --view-window <s>     how far back /health/… and /metrics/… look (default 30)
  --help

Example: npm start -- --port 8080 --namespaces team-a,team-b
`;

/** `pulse serve`: runs until it is told to stop (Ctrl-C, SIGTERM). */
export async function serve(args: string[]): Promise<void> {
  const options = readOptions(args);
  if (options === "help") {
    process.stdout.write(HELP);
    return;
  }
  const pulse = await startLocalPulse(options);
  // Whoever reads the greeting may stop reading, as head does.
  process.stdout.on("error", () => {});
  process.stdout.write(greeting(pulse, options));
  flushCompileCache(); // a process that is killed would not write it
  await stopped();
  await pulse.close();
}

function readOptions(args: string[]): LocalPulseOptions | "help" {
  const values = parse(args);
  if (values.help) return "help";
  const syslogPort = portOf("--syslog", values.syslog ?? "5514");
  const names = new Set((values.namespaces ?? "").split(","));
  const namespaces = [...names].filter((name) => name !== "" && name !== DEFAULT_NAMESPACE);
  const wrong = namespaces.find((name) => !isNamespace(name));
  if (wrong !== undefined)
    throw new UsageError(`--namespaces takes names of 1–40 lower-case letters, digits and "-", not "${wrong}"`);
  if (values.opensearch !== undefined && !/^https?:$/.test(URL.parse(values.opensearch)?.protocol ?? ""))
    throw new UsageError(`--opensearch takes a URL like http://127.0.0.1:9200, not "${values.opensearch}"`);
  const syslogZone = values["syslog-zone"] ?? "UTC";
  if (!isZone(syslogZone))
    throw new UsageError(`--syslog-zone takes a time zone like Europe/Berlin or +02:00, not "${syslogZone}"`);
  return {
    port: portOf("--port", values.port ?? "3000"),
    data: folderOf(values.data),
    viewWindowMs: secondsOf("--view-window", values["view-window"] ?? "30") * 1000,
    ...(values.opensearch === undefined ? {} : { openSearchUrl: values.opensearch }),
    ...(syslogPort === 0 ? {} : { syslogPort }),
    syslogZone,
    namespaces,
  };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        port: { type: "string" },
        data: { type: "string" },
        opensearch: { type: "string" },
        syslog: { type: "string" },
        "syslog-zone": { type: "string" },
        namespaces: { type: "string" },
        "view-window": { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    }).values;
  } catch (cause) {
    throw new UsageError(`${(cause as Error).message} (pulse serve --help)`);
  }
}

function folderOf(given: string | undefined): string {
  if (given === undefined) return resolve(".pulse");
  if (given === "") throw new UsageError("--data takes a folder, or :memory:");
  return given === ":memory:" ? given : pathOfCaller(given);
}

function secondsOf(option: string, text: string): number {
  if (/^\d{1,6}$/.test(text) && Number(text) > 0) return Number(text);
  throw new UsageError(`${option} takes a number of seconds, not "${text}"`);
}

function portOf(option: string, text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new UsageError(`${option} takes a port number, not "${text}"`);
}

function greeting({ url, engine, syslogPort }: LocalPulse, { data, openSearchUrl }: LocalPulseOptions): string {
  const kept =
    engine === "opensearch" ? `OpenSearch at ${new URL(openSearchUrl as string).origin}, the journal in ${data}` : data;
  const logs = syslogPort === undefined ? "" : `  HAProxy logs  syslog on 127.0.0.1:${syslogPort}, UDP and TCP\n`;
  return `Pulse listens on ${url}
  events        ${kept}
${logs}
Create an event, and see it:

  curl ${url}${BASE_PATH}/events -H 'content-type: application/json' -d '{"tags":["hello:world"],"value":42}'
  curl ${url}${BASE_PATH}/events

Watch them live:  curl -N ${url}${BASE_PATH}/events/stream
`;
}

const LOOK_FOR_NPM_MS = 500;

/**
 * Resolves at the first signal to stop; a second one ends the process at once. A signal that only npm got, and its shell
 * did not pass on, shows in that they have gone.
 */
function stopped(): Promise<void> {
  return new Promise((stop) => {
    const { ppid } = process;
    if (process.env.npm_lifecycle_event !== undefined)
      setInterval(() => process.ppid !== ppid && stop(), LOOK_FOR_NPM_MS).unref();
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      process.once(signal, () => {
        process.once(signal, () => process.exit(1));
        stop();
      });
    }
  });
}
