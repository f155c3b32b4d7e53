import { flushCompileCache } from "node:module";
import { parseArgs } from "node:util";
import { UsageError } from "#cli/usage-error.ts";
import { isZone } from "#core/haproxy/local-time.ts";
import { isNamespace } from "#core/namespaces.ts";
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
  process.stdout.write(greeting(pulse, options));
  flushCompileCache(); // a process that is killed would not write it
  await stopped();
  await pulse.close();
}

function readOptions(args: string[]): LocalPulseOptions | "help" {
  const values = parse(args);
  if (values.help) return "help";
  const syslogPort = portOf("--syslog", values.syslog ?? "5514");
  const namespaces = (values.namespaces ?? "").split(",").filter((name) => name !== "");
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
    data: values.data ?? ".pulse",
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
        help: { type: "boolean", short: "h" },
      },
    }).values;
  } catch (cause) {
    throw new UsageError(`${(cause as Error).message} (pulse serve --help)`);
  }
}

function portOf(option: string, text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new UsageError(`${option} takes a port number, not "${text}"`);
}

function greeting({ url, engine, syslogPort }: LocalPulse, { data, openSearchUrl }: LocalPulseOptions): string {
  const kept = engine === "opensearch" ? `OpenSearch at ${openSearchUrl}, the journal in ${data}` : data;
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

/** Resolves at the first signal to stop; a second one ends the process at once. */
function stopped(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      process.once(signal, () => {
        process.once(signal, () => process.exit(1));
        resolve();
      });
    }
  });
}
