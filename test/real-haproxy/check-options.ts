import { writeFile } from "node:fs/promises";
import { isDeepStrictEqual } from "node:util";
import { knownFormatsOf } from "#core/haproxy/config/known-formats.ts";
import { readHaproxyConfig } from "#core/haproxy/config/read-haproxy-config.ts";
import { vampFormats } from "#core/haproxy/log-format/built-in-formats.ts";
import { isField, type LogFormat } from "#core/haproxy/log-format/log-format.ts";
import { haproxyParser, type LineParser } from "#core/haproxy/parser/haproxy-parser.ts";
import type { HaproxyRecord } from "#core/haproxy/parser/record.ts";
import { LOOPBACK_TLS } from "#test/support/http/loopback-tls.ts";
import { temporaryFolder } from "#test/support/temporary-folder.ts";
import { differences } from "./differences.ts";
import { backendsOf, certificateIn, FRONTEND_KINDS, type FrontendKind } from "./frontend-kinds.ts";
import { freePorts, IMPATIENT_DEFAULTS, openBackend, openSink, sendRaw, startHaproxy } from "./haproxy.ts";
import { HOSTILE_REQUESTS } from "./hostile-requests.ts";
import { quoted, truthOf, truthOfMode } from "./told-truth.ts";

/** What of the lines of HAProxy's own formats was read, and what was not read as it is. */
export interface OptionsChecked {
  /** Requests whose lines reached every sink. */
  readonly lines: number;
  /** Lines of connections that failed before, and of HAProxy's own state. */
  readonly others: number;
  /** Lines read with the configuration and without it, and in each syslog format. */
  readonly compared: number;
  /** Lines that their sink's `len` had cut. */
  readonly cut: number;
  readonly wrong: readonly string[];
}

const SYSLOG_FORMATS = ["rfc3164", "local", "short", "timed", "iso", "priority", "raw"];
const CUT_BYTES = 160;
const ZONE = "Europe/Berlin";
const CLIENTS_GO_AFTER_MS = 900;

const JSON_FORMAT =
  '{"status":%ST,"agent":"%[capture.req.hdr(1),json(utf8s)]","cookie":"%CC","request":%{+Q}r,"headers":"%hr","ms":%Ta}';

interface OptionFrontend {
  readonly name: string;
  readonly kind: FrontendKind;
  /** How it says what it logs. */
  readonly option: string;
}

const FRONTENDS: readonly OptionFrontend[] = [
  { name: "web", kind: FRONTEND_KINDS.usual, option: "option httplog" },
  { name: "bare", kind: FRONTEND_KINDS["without captures"], option: "option httplog" },
  { name: "clf", kind: FRONTEND_KINDS.usual, option: "option httplog clf" },
  { name: "tls", kind: FRONTEND_KINDS["over TLS"], option: "option httpslog" },
  { name: "tcp", kind: FRONTEND_KINDS["of connections"], option: "option tcplog" },
  { name: "tcp6", kind: FRONTEND_KINDS["of connections over IPv6"], option: "option tcplog" },
  { name: "vamp", kind: FRONTEND_KINDS.usual, option: `log-format ${quoted(vampFormats()[0]?.text ?? "")}` },
  { name: "json", kind: FRONTEND_KINDS.usual, option: `log-format ${quoted(JSON_FORMAT)}` },
];

const portOf = (frontend: string, ports: readonly number[]): number =>
  ports[FRONTENDS.findIndex(({ name }) => name === frontend)] as number;

type Sink = Awaited<ReturnType<typeof openSink>>;

/**
 * The formats that options stand for, and JSON by hand, in every syslog format: each line is read
 * with the configuration and without any, and compared with what HAProxy says beside it; what `len`
 * has cut is compared with the whole line.
 */
export async function checkOptions(): Promise<OptionsChecked> {
  const folder = await temporaryFolder();
  const backend = await openBackend();
  const [told, cut, ...framed] = await Promise.all(Array.from({ length: SYSLOG_FORMATS.length + 2 }, () => openSink()));
  const sinks = { told: told as Sink, cut: cut as Sink, framed };
  try {
    await writeFile(certificateIn(folder.path), LOOPBACK_TLS.cert + LOOPBACK_TLS.key);
    const [readyPort = 0, ...ports] = await freePorts(FRONTENDS.length + 1);
    const places = ports.map((port) => ({ port, folder: folder.path }));
    const sections = FRONTENDS.map(
      ({ name, kind, option }, index) => `frontend ${name}
  mode ${kind.mode}
  bind ${kind.bind(places[index] as (typeof places)[number])}
  ${option}
  log-format-sd ${quoted(truthOfMode(kind.mode))}
  ${kind.lines.join("\n  ")}
`,
    );
    const config = `${globalOf(sinks)}${sections.join("\n")}${backendsOf(backend.port)}
frontend ready
  bind 127.0.0.1:${readyPort}
`;
    const haproxy = await startHaproxy(folder.path, { config, zone: ZONE, port: readyPort });
    await Promise.all(
      FRONTENDS.flatMap(({ kind }, index) =>
        HOSTILE_REQUESTS.map((request) =>
          kind.send(places[index] as (typeof places)[number], request, CLIENTS_GO_AFTER_MS),
        ),
      ),
    );
    await sendRaw(portOf("tls", ports), "not TLS\r\n\r\n", CLIENTS_GO_AFTER_MS);
    await haproxy.stop();
    return judge(config, sinks);
  } finally {
    for (const sink of [sinks.told, sinks.cut, ...framed]) sink.close();
    backend.server.close();
    await folder.remove();
  }
}

interface Sinks {
  readonly told: Sink;
  readonly cut: Sink;
  readonly framed: readonly Sink[];
}

const globalOf = ({ told, cut, framed }: Sinks): string => `global
  nbthread 1
  log-send-hostname gw-1
  log 127.0.0.1:${told.port} len 60000 format rfc5424 local0
  log 127.0.0.1:${cut.port} len ${CUT_BYTES} format raw local0
  ${framed.map(({ port }, index) => `log 127.0.0.1:${port} len 60000 format ${SYSLOG_FORMATS[index]} local0`).join("\n  ")}

${IMPATIENT_DEFAULTS}

`;

function judge(config: string, { told, cut, framed }: Sinks): OptionsChecked {
  const read = readHaproxyConfig(config);
  const configured = haproxyParser({ formats: knownFormatsOf(read) });
  const builtIn = haproxyParser();
  const wrong: string[] = [];
  const counts = { lines: 0, others: 0, compared: 0, cut: 0 };
  const note = (line: Buffer, how: string, found: readonly string[]): void => {
    counts.compared++;
    if (found.length > 0) wrong.push(`${how}: ${found.join("; ")} in ${line.toString("latin1").slice(-700)}`);
  };
  const areWhole = [cut, ...framed].every(({ datagrams }) => datagrams.length === told.datagrams.length);
  if (!areWhole) throw new Error("the kernel dropped lines: the sinks did not get the same");
  told.datagrams.forEach((line, index) => {
    const truth = truthOf(line);
    const format = read.proxies.find(({ name }) => name === truth?.f)?.formats[0];
    if (truth === undefined || format === undefined) {
      const isRead = [configured, builtIn].every((parse) => recordOf(parse, line) !== undefined);
      note(line, "of a failed connection, or of HAProxy itself", isRead ? [] : ["is rejected"]);
      counts.others++;
      return;
    }
    counts.lines++;
    const whole = recordOf(configured, line);
    note(line, "with its configuration", whole === undefined ? ["is rejected"] : differences(whole, format, truth));
    if (format.name !== "json" && !format.text.startsWith('{"status"')) {
      const record = recordOf(builtIn, line);
      const found = record === undefined ? ["is rejected"] : differences(record, withoutLists(format), truth);
      note(line, "without a configuration", found);
    }
    framed.forEach(({ datagrams }, place) => {
      const fields = recordOf(configured, datagrams[index] as Buffer)?.fields;
      note(line, `in ${SYSLOG_FORMATS[place]}`, isDeepStrictEqual(fields, whole?.fields) ? [] : ["is read otherwise"]);
    });
    const beginning = cut.datagrams[index] as Buffer;
    if (whole === undefined || beginning.length < CUT_BYTES) return;
    counts.cut++;
    note(beginning, "cut", cutDiffers(recordOf(configured, beginning), whole));
  });
  return { ...counts, wrong };
}

const recordOf = (parse: LineParser, line: Buffer): HaproxyRecord | undefined => {
  const parsed = parse(line, { zone: ZONE, receivedAtMs: Date.now() });
  return "record" in parsed ? parsed.record : undefined;
};

/** How many headers there are in a list only the configuration tells. */
const withoutLists = (format: LogFormat): LogFormat => ({
  ...format,
  parts: format.parts.filter((part) => !isField(part) || part.value.kind !== "header-list"),
});

/**
 * What is whole in a cut line must be as in the whole line. Of one that cannot be
 * told to be cut, the last value may not be.
 */
function cutDiffers(record: HaproxyRecord | undefined, whole: HaproxyRecord): string[] {
  if (record === undefined) return [];
  const names = Object.keys(record.fields);
  return (record.truncated ? names : names.slice(0, -1))
    .filter((name) => !isDeepStrictEqual(record.fields[name], whole.fields[name]))
    .map((name) => `${name} is ${JSON.stringify(record.fields[name])}, not ${JSON.stringify(whole.fields[name])}`);
}
