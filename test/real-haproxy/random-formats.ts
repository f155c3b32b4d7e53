import { LOG_ALIASES } from "#core/haproxy/log-format/aliases.ts";
import type { Random } from "#test/support/random.ts";

/** Aliases that HAProxy knows since 2.6, the oldest that these formats are tried with. */
const OLD_ALIASES: readonly string[] = Object.keys(LOG_ALIASES).filter((name) => name !== "OG");

/** Sample expressions; in mode tcp there are those of no request. */
export const SAMPLES: readonly string[] = [
  "capture.req.hdr(0)",
  "capture.req.hdr(1)",
  "capture.res.hdr(0)",
  "capture.req.method",
  "capture.req.uri",
  "capture.req.ver",
  "fc_err",
  "ssl_fc_err,hex",
  "ssl_fc_sni",
  "ssl_fc_is_resumed",
  "src",
  "dst_port",
  "var(txn.ck)",
  "var(txn.ck),hex",
  "capture.req.uri,json(utf8s)",
  "capture.req.hdr(1),json(utf8s)",
  "capture.req.hdr(1),word(1,/)",
  "capture.req.hdr(0),base64",
  "rand(100)",
  "date",
  "be_name",
  "srv_name",
  'str("a b")',
  "int(5)",
];

const SEPARATORS = [
  ..." / | , ; - = : < { } ' # .".split(" "),
  " ",
  " ",
  " ",
  " - ",
  " [",
  "] ",
  '" "',
  ' "',
  " st=",
  "\t",
  "%%",
  "\\",
  "$x",
  "é",
];

const BEGINNINGS = ["{", "[", "x=", '"', "LOG "];
const ENDS = ["}", "]", '"', " end", "."];
const FLAGS_OF_ALL = ["%{+Q}o ", "%{+E}o", "%{+Q,+E}o ", "%{-M}o", "%{+X}o"];
const FLAGS = ["{+Q}", "{+E}", "{+X}", "{-M}", "{+Q,+E}"];

/** What a frontend of that mode can print. */
export function printableIn(mode: "http" | "tcp"): { aliases: readonly string[]; samples: readonly string[] } {
  if (mode === "http") return { aliases: OLD_ALIASES, samples: SAMPLES };
  return {
    aliases: OLD_ALIASES.filter((name) => LOG_ALIASES[name]?.only !== "http"),
    samples: SAMPLES.filter((sample) => !/^(?:capture|var)/.test(sample)),
  };
}

/** A log-format that HAProxy may take, with nothing twice. */
export function randomFormat(random: Random, mode: "http" | "tcp" = "http"): string {
  const { aliases, samples } = printableIn(mode);
  const names = random.shuffled([
    ...aliases,
    ...samples.filter(() => random.chance(0.7)).map((sample) => `[${sample}]`),
  ]);
  const fields = names
    .slice(0, random.integer(2, 12))
    .map((name) => `%${random.chance(0.25) ? random.oneOf(FLAGS) : ""}${name}`);
  const sometimes = (texts: readonly string[]): string => (random.chance(0.25) ? random.oneOf(texts) : "");
  const joined = fields.reduce((text, field) => text + random.oneOf(SEPARATORS) + field);
  return sometimes(BEGINNINGS) + sometimes(FLAGS_OF_ALL) + joined + sometimes(ENDS);
}
