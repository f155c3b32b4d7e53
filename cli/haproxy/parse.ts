import { parseArgs } from "node:util";
import { parsed, wrongCall } from "#cli/call.ts";
import { formatsOfConfigs } from "#cli/haproxy/formats-of-config.ts";
import { ParseTally } from "#cli/haproxy/parse-tally.ts";
import { openPipe, type Pipe } from "#cli/haproxy/pipe.ts";
import { counted, openReporter, type Reporter } from "#cli/reporter.ts";
import { LogFormatError } from "#core/haproxy/log-format/log-format-error.ts";
import { readLogFormat } from "#core/haproxy/log-format/read-log-format.ts";
import { haproxyParser, type KnownFormat } from "#core/haproxy/parser/haproxy-parser.ts";
import { isZone } from "#core/haproxy/parser/local-time.ts";
import type { ParsedLine } from "#core/haproxy/parser/record.ts";
import { textOfBytes } from "#core/haproxy/parser/text.ts";
import { type CutLine, LineCutter } from "#core/haproxy/syslog/line-cutter.ts";

const HELP = `Reads log lines of HAProxy, with whatever syslog header they carry, from standard input: one message per line.
Writes one line of JSON for each, in order: {"record":{…}}, or {"rejected":{"reason":…,"line":…}}.

  pulse haproxy parse [options] < lines

  --config <haproxy.cfg>   reads the formats of this configuration besides those that HAProxy has of its own; may be repeated
  --format '<log-format>'  reads this format too; may be given several times
  --timezone <zone>        of the gateway's clock: an IANA name, an offset as +01:00, or UTC (the default)
  --base64                 each line is a message in Base64, for what holds line feeds or bytes that are no text
  --help

A line is of the first format that it fits: those of --format, then of --config, then HAProxy's own; where it fits several
of a configuration, that of its own frontend. A summary goes to standard error. It ends with 0 when every line is a
record, with 1 when some were rejected.

Examples: pulse haproxy parse --config /etc/haproxy/haproxy.cfg --timezone Europe/Berlin < /var/log/haproxy.log
          tail -f /var/log/haproxy.log | pulse haproxy parse --format '%ci %ST %{+Q}r'
`;

/** Longer than HAProxy's longest; of a longer line the beginning is given back, rejected. */
const MAX_LINE_BYTES = 1024 * 1024;

/** `pulse haproxy parse`. */
export async function parse(args: string[]): Promise<void> {
  const { values } = parsed("haproxy parse", () =>
    parseArgs({
      args,
      options: {
        config: { type: "string", multiple: true },
        format: { type: "string", multiple: true },
        timezone: { type: "string" },
        base64: { type: "boolean" },
        help: { type: "boolean" },
      },
    }),
  );
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const { timezone } = values;
  if (timezone !== undefined && !isZone(timezone))
    throw wrongCall("haproxy parse", [`--timezone takes an IANA name, an offset or UTC, not "${timezone}"`]);
  const { format = [], config } = values;
  const faults: string[] = [];
  const formats = [...readFormats(format), ...formatsOfConfigs("--config", config, faults)];
  if (faults.length > 0) throw wrongCall("haproxy parse", faults);
  const tally = new ParseTally(timezone !== undefined);
  const reporter = openReporter();
  await parseAll({
    input: process.stdin,
    output: openPipe(process.stdout),
    parseLine: lineReader(formats, timezone ?? "UTC", values.base64 === true),
    tally,
    reporter,
  });
  process.stderr.write(tally.summary());
  if (tally.rejected > 0) process.exitCode = 1;
}

function readFormats(texts: readonly string[]): KnownFormat[] {
  return texts.map((text, index) => {
    try {
      return { format: readLogFormat(texts.length === 1 ? "custom" : `custom-${index + 1}`, text) };
    } catch (error) {
      if (!(error instanceof LogFormatError)) throw error;
      throw wrongCall("haproxy parse", [`--format: ${error.message}\n`]);
    }
  });
}

type LineReader = (line: CutLine) => { readonly parsed: ParsedLine; readonly message: Uint8Array };

function lineReader(formats: readonly KnownFormat[], zone: string, isBase64: boolean): LineReader {
  const parseLine = haproxyParser({ formats });
  return ({ line, cut }) => {
    const message = isBase64 ? Buffer.from(Buffer.from(line).toString("latin1"), "base64") : line;
    return { parsed: parseLine(message, { zone, receivedAtMs: Date.now(), cut }), message };
  };
}

interface Parsing {
  readonly input: AsyncIterable<Uint8Array>;
  readonly output: Pipe;
  readonly parseLine: LineReader;
  readonly tally: ParseTally;
  readonly reporter: Reporter;
}

/** Reads no further than is written: a slow reader slows the input down, one that has gone ends it. */
async function parseAll({ input, output, parseLine, tally, reporter }: Parsing): Promise<void> {
  const cutter = new LineCutter(MAX_LINE_BYTES);
  const handle = async (lines: readonly CutLine[]): Promise<void> => {
    let text = "";
    for (const line of lines) {
      const { parsed, message } = parseLine(line);
      tally.add(parsed);
      text += `${toJson(parsed, message)}\n`;
    }
    reporter.progress(() => counted(tally.lines, "line"));
    await output.write(text);
  };
  for await (const chunk of input) {
    await handle(cutter.push(chunk));
    if (output.isClosed()) break;
  }
  if (!output.isClosed()) await handle(cutter.end());
  reporter.end();
}

const toJson = (parsed: ParsedLine, message: Uint8Array): string =>
  JSON.stringify("record" in parsed ? parsed : rejection(parsed.rejected.reason, message));

const rejection = (reason: string, message: Uint8Array) => ({ rejected: { reason, line: textOfBytes(message) } });
