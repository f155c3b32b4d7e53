import { flushCompileCache } from "node:module";
import { parseArgs } from "node:util";
import { defaultFolder, isHttpUrl, parsed, pathOfCaller, wrongCall } from "#cli/call.ts";
import { formatsOfConfigs } from "#cli/haproxy/formats-of-config.ts";
import { isZone } from "#core/haproxy/parser/local-time.ts";
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
  --haproxy-config <f>  a gateway's haproxy.cfg: its own log-formats are read, too; may be repeated
  --namespaces <a,b>    declared besides "default"
  --measure-every <s>   how often health and metrics of gateways are measured (default 5s; off never measures)
  --view-window <s>     how far back /health/… and /metrics/… look (default 30, more where it is measured seldom)
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
  const values = parsed("serve", () => parse(args));
  if (values.help) return "help";
  const { data, opensearch, "syslog-zone": syslogZone = "UTC", "haproxy-config": configs } = values;
  const faults: string[] = [];
  const port = portOf("--port", values.port ?? "3000", faults);
  const syslogPort = portOf("--syslog", values.syslog ?? "5514", faults);
  const measureEveryMs = measureEveryOf(values["measure-every"] ?? "5s", faults);
  const viewWindow = values["view-window"] ?? String(viewSecondsFor(measureEveryMs));
  const viewWindowMs = secondsOf("--view-window", viewWindow, faults) * 1000;
  const namespaces = namespacesOf(values.namespaces ?? "", faults);
  if (data === "") faults.push("--data takes a folder, or :memory:");
  if (opensearch !== undefined && !isHttpUrl(opensearch))
    faults.push(`--opensearch takes a URL like http://127.0.0.1:9200, not "${opensearch}"`);
  if (!isZone(syslogZone))
    faults.push(`--syslog-zone takes a time zone like Europe/Berlin or +02:00, not "${syslogZone}"`);
  const formats = formatsOfConfigs("--haproxy-config", configs, faults);
  if (faults.length > 0) throw wrongCall("serve", faults);
  return {
    port,
    data: folderOf(data),
    viewWindowMs,
    ...(measureEveryMs === undefined ? {} : { measureEveryMs }),
    ...(opensearch === undefined ? {} : { openSearchUrl: opensearch }),
    ...(syslogPort === 0 ? {} : { syslogPort }),
    syslogZone,
    ...(configs === undefined ? {} : { formats }),
    namespaces,
  };
}

const parse = (args: string[]) =>
  parseArgs({
    args,
    options: {
      port: { type: "string" },
      data: { type: "string" },
      opensearch: { type: "string" },
      syslog: { type: "string" },
      "syslog-zone": { type: "string" },
      "haproxy-config": { type: "string", multiple: true },
      namespaces: { type: "string" },
      "view-window": { type: "string" },
      "measure-every": { type: "string" },
      help: { type: "boolean", short: "h" },
    },
  }).values;

function folderOf(given: string | undefined): string {
  if (given === undefined) return defaultFolder();
  return given === ":memory:" ? given : pathOfCaller(given);
}

function namespacesOf(list: string, faults: string[]): string[] {
  const names = new Set(list.split(","));
  const declared = [...names].filter((name) => name !== "" && name !== DEFAULT_NAMESPACE);
  for (const name of declared)
    if (!isNamespace(name))
      faults.push(`--namespaces takes names of 1–40 lower-case letters, digits and "-", not "${name}"`);
  return declared;
}

function secondsOf(option: string, text: string, faults: string[]): number {
  if (!/^\d{1,6}$/.test(text) || Number(text) === 0) faults.push(`${option} takes a number of seconds, not "${text}"`);
  return Number(text);
}

/** Whole seconds, with an `s` or without, by which an hour can be divided: windows then end with hours, too. */
function measureEveryOf(text: string, faults: string[]): number | undefined {
  if (text === "off") return undefined;
  const seconds = /^\d{1,4}s?$/.test(text) ? Number.parseInt(text, 10) : 0;
  if (seconds === 0 || 3600 % seconds !== 0)
    faults.push(`--measure-every takes seconds that divide an hour, like 5s, or off, not "${text}"`);
  return seconds * 1000;
}

const VIEW_SECONDS = 30;

/** A view looks back over two measurements, so that there always is one. */
const viewSecondsFor = (measureEveryMs = 0): number => Math.max(VIEW_SECONDS, (2 * measureEveryMs) / 1000 + 5);

function portOf(option: string, text: string, faults: string[]): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) faults.push(`${option} takes a port number, not "${text}"`);
  return Number(text);
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
 * Resolves at the first signal to stop; a second one ends the process at once. A signal that only npm got, and its
 * shell did not pass on, shows in that they have gone.
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
