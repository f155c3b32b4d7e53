import { writeFile } from "node:fs/promises";
import { knownFormatsOf } from "#core/haproxy/config/known-formats.ts";
import { readHaproxyConfig } from "#core/haproxy/config/read-haproxy-config.ts";
import { ambiguities } from "#core/haproxy/log-format/ambiguities.ts";
import type { LogFormat } from "#core/haproxy/log-format/log-format.ts";
import { haproxyParser, type LineParser } from "#core/haproxy/parser/haproxy-parser.ts";
import { LOOPBACK_TLS } from "#test/support/http/loopback-tls.ts";
import { seededRandom } from "#test/support/random.ts";
import { temporaryFolder } from "#test/support/temporary-folder.ts";
import { differences } from "./differences.ts";
import { backendsOf, certificateIn, FRONTEND_KINDS, type FrontendKind, type Place } from "./frontend-kinds.ts";
import { complaintsOf, freePorts, IMPATIENT_DEFAULTS, openBackend, openSink, startHaproxy } from "./haproxy.ts";
import { HOSTILE_REQUESTS } from "./hostile-requests.ts";
import { randomFormat } from "./random-formats.ts";
import { quoted, readHeader, truthOf, truthOfMode } from "./told-truth.ts";

/** A line that was not read as what HAProxy says it is. */
export interface WrongLine {
  readonly format: string;
  readonly line: string;
  readonly differences: readonly string[];
}

export interface FormatsChecked {
  /** Formats that HAProxy takes, and how many of them Pulse says are ambiguous. */
  readonly formats: number;
  readonly ambiguous: number;
  /** Lines of formats that are not ambiguous, and those of them that were read wrongly. */
  readonly lines: number;
  readonly wrong: readonly WrongLine[];
  /** Lines of ambiguous formats that were read rightly all the same, of how many. */
  readonly guessed: number;
  readonly ambiguousLines: number;
  /** Formats of which HAProxy and Pulse do not agree that they are ones. */
  readonly disagreed: readonly string[];
}

const ZONE = "America/New_York";
const CLIENTS_GO_AFTER_MS = 900;

interface Frontend extends Place {
  readonly name: string;
  readonly kind: FrontendKind;
  readonly format: string;
}

/**
 * Random log-formats in a real HAProxy, under requests of every kind: each line carries, in structured data before it,
 * what HAProxy says of the same request value by value, and what is read of the line must be that.
 */
export async function checkFormats(count: number, seed: number): Promise<FormatsChecked> {
  const random = seededRandom(seed);
  const folder = await temporaryFolder();
  const sink = await openSink();
  const backend = await openBackend();
  try {
    await writeFile(certificateIn(folder.path), LOOPBACK_TLS.cert + LOOPBACK_TLS.key);
    const [readyPort = 0, ...ports] = await freePorts(count + 1);
    const kinds: readonly FrontendKind[] = Object.values(FRONTEND_KINDS);
    const all = ports.map((port, index) => {
      const kind = kinds[index % kinds.length] as FrontendKind;
      return { name: `fe-${index}.x`, port, folder: folder.path, kind, format: randomFormat(random, kind.mode) };
    });
    const toConfig = (frontends: readonly Frontend[]) =>
      `${configOf(frontends, sink.port)}${backendsOf(backend.port)}\nfrontend ready\n  bind 127.0.0.1:${readyPort}\n`;
    const refused = refusedFormats(complaintsOf(folder.path, toConfig(all)), toConfig(all));
    const frontends = all.filter(({ format }) => !refused.has(format));
    const config = toConfig(frontends);
    const haproxy = await startHaproxy(folder.path, { config, zone: ZONE, port: readyPort });
    for (const requests of wavesOf(frontends.length))
      await Promise.all(
        frontends.flatMap((frontend) =>
          requests.map((request) => frontend.kind.send(frontend, request, CLIENTS_GO_AFTER_MS)),
        ),
      );
    await haproxy.stop();
    return { ...judge(config, frontends, sink.datagrams), disagreed: takenByPulse(config, refused) };
  } finally {
    sink.close();
    backend.server.close();
    await folder.remove();
  }
}

/** As many connections at once: what a sink has not read yet the kernel drops before long. */
const MOST_AT_ONCE = 120;

function wavesOf(frontends: number): (readonly string[])[] {
  const size = Math.max(Math.floor(MOST_AT_ONCE / frontends), 1);
  const waves = Math.ceil(HOSTILE_REQUESTS.length / size);
  return Array.from({ length: waves }, (_, wave) => HOSTILE_REQUESTS.slice(wave * size, (wave + 1) * size));
}

function configOf(frontends: readonly Frontend[], sinkPort: number): string {
  const sections = frontends.map(
    (frontend) => `frontend ${frontend.name}
  mode ${frontend.kind.mode}
  bind ${frontend.kind.bind(frontend)}
  log-format ${quoted(frontend.format)}
  log-format-sd ${quoted(truthOfMode(frontend.kind.mode))}
  ${frontend.kind.lines.join("\n  ")}
`,
  );
  return `global
  nbthread 1
  log 127.0.0.1:${sinkPort} len 60000 format rfc5424 local0

${IMPATIENT_DEFAULTS}
  unique-id-format %{+X}o\\ %ci:%cp_%rt:%pid

${sections.join("\n")}`;
}

function refusedFormats(complaints: ReadonlyMap<number, string>, config: string): Set<string> {
  const lines = config.split("\n");
  const formats = [...complaints].map(([number, says]) => {
    const [, argument] = /^ {2}log-format "(.*)"$/.exec(lines[number - 1] ?? "") ?? [];
    if (argument === undefined) throw new Error(`haproxy refuses more than formats: ${says}`);
    return argument.replace(/\\([\\"$])/g, "$1");
  });
  return new Set(formats);
}

/** Formats that HAProxy refuses and Pulse takes, and the other way round. */
function takenByPulse(config: string, refused: ReadonlySet<string>): string[] {
  const faults = readHaproxyConfig(config).faults.filter(({ level }) => level === "error");
  const taken = [...refused].filter((format) => {
    const text = `frontend f\n  mode http\n  log 127.0.0.1 local0\n  log-format ${quoted(format)}\n`;
    return readHaproxyConfig(text).faults.every(({ level }) => level !== "error");
  });
  return [
    ...faults.map(({ line, says }) => `only HAProxy takes line ${line}: ${says}`),
    ...taken.map((format) => `only Pulse takes ${format}`),
  ];
}

interface Reader {
  readonly format: LogFormat;
  readonly isAmbiguous: boolean;
  readonly parse: LineParser;
}

/** Of each frontend, for its own format: some of them would take the lines of any other. */
function readersOf(config: string, frontends: readonly Frontend[]): Map<string, Reader> {
  const texts = new Set(frontends.map(({ format }) => format));
  const read = readHaproxyConfig(config);
  const known = knownFormatsOf(read).filter(({ format }) => texts.has(format.text));
  const capturesOf = (frontend: string) => read.proxies.find(({ name }) => name === frontend)?.captures;
  return new Map(
    known.flatMap((own) => {
      const { format, frontends = [] } = own;
      return frontends.map((name): [string, Reader] => [
        name,
        {
          format,
          isAmbiguous: ambiguities(format, capturesOf(name)).length > 0,
          parse: haproxyParser({ formats: [own] }),
        },
      ]);
    }),
  );
}

function judge(config: string, frontends: readonly Frontend[], datagrams: readonly Buffer[]) {
  const readers = readersOf(config, frontends);
  const wrong: WrongLine[] = [];
  const judged = { lines: 0, ambiguousLines: 0, guessed: 0 };
  for (const line of datagrams) {
    const truth = truthOf(line);
    const own = readers.get(String(truth?.f));
    if (truth === undefined || own === undefined) continue;
    const parsed = own.parse(line, { zone: ZONE, receivedAtMs: Date.now() });
    const found =
      "record" in parsed ? differences(parsed.record, own.format, truth) : [`is rejected: ${parsed.rejected.reason}`];
    if (own.isAmbiguous) {
      judged.ambiguousLines++;
      if (found.length === 0) judged.guessed++;
      continue;
    }
    judged.lines++;
    if (found.length > 0) wrong.push({ format: own.format.text, line: messageOf(line), differences: found });
  }
  const ambiguous = [...readers.values()].filter(({ isAmbiguous }) => isAmbiguous).length;
  return { formats: frontends.length, ambiguous, ...judged, wrong };
}

const messageOf = (line: Buffer): string => Buffer.from(readHeader(line).message, "latin1").toString();
