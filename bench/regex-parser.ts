/*
 * What one would write first: one regular expression with named groups, and an object of what it found. It says the
 * same of an ordinary line as Pulse's record does, and nothing of any other.
 */

const HTTPLOG = new RegExp(
  "^<(?<pri>\\d+)>(?<timestamp>\\w{3} [ \\d]\\d \\d\\d:\\d\\d:\\d\\d) (?<hostname>\\S+) (?<tag>[^[ ]+)\\[(?<pid>\\d+)\\]: " +
    "(?<message>(?<ci>\\S+):(?<cp>\\d+) \\[(?<tr>[^\\]]+)\\] (?<ft>\\S+) (?<b>[^ /]+)/(?<s>\\S+) " +
    "(?<TR>-?\\d+)/(?<Tw>-?\\d+)/(?<Tc>-?\\d+)/(?<Tr>-?\\d+)/(?<Ta>\\+?-?\\d+) (?<ST>-?\\d+) (?<B>\\+?\\d+) " +
    "(?<CC>\\S+) (?<CS>\\S+) (?<tsc>\\S{4}) (?<ac>\\d+)/(?<fc>\\d+)/(?<bc>\\d+)/(?<sc>\\d+)/(?<rc>\\+?\\d+) " +
    '(?<sq>\\d+)/(?<bq>\\d+)(?: \\{(?<hr>[^}]*)\\})?(?: \\{(?<hs>[^}]*)\\})? "(?<r>[^"]*)"?)$',
);
const DATE = /^(\d\d)\/(\w{3})\/(\d{4}):(\d\d):(\d\d):(\d\d)\.(\d{3})$/;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

type Groups = Readonly<Record<string, string>>;

export function readByExpression(line: Buffer): object | undefined {
  const groups = HTTPLOG.exec(line.toString("latin1").trimEnd())?.groups as Groups | undefined;
  if (groups === undefined) return undefined;
  const { timestamp, hostname, tag, message, ci, tr, ft = "", b, s, CC, CS, tsc, r = "", hr, hs } = groups;
  const pri = Number(groups.pri);
  const [method, uri, version] = r.split(" ");
  const [requestHeaders, responseHeaders] = [hr?.split("|"), hs?.split("|")];
  return {
    format: "httplog",
    syslog: { pri, facility: pri >> 3, severity: pri & 7, timestamp, hostname, tag, pid: Number(groups.pid) },
    message,
    fields: { ci, tr, ft, b, s, CC, CS, tsc, ...numbersOf(groups), hr: requestHeaders, hs: responseHeaders, r },
    time_ms: instantOf(tr),
    frontend: ft.replace(/~$/, ""),
    tls: ft.endsWith("~"),
    decoded: {
      method,
      uri: uri?.replace(/#([0-9A-F]{2})/g, decode),
      version,
      request_headers: requestHeaders?.map(decodeHeader),
      response_headers: responseHeaders?.map(decodeHeader),
    },
  };
}

const numbersOf = ({ cp, TR, Tw, Tc, Tr, Ta, ST, B, ac, fc, bc, sc, rc, sq, bq }: Groups) => ({
  cp: Number(cp),
  TR: Number(TR),
  Tw: Number(Tw),
  Tc: Number(Tc),
  Tr: Number(Tr),
  Ta: Number(Ta),
  ST: Number(ST),
  B: Number(B),
  ac: Number(ac),
  fc: Number(fc),
  bc: Number(bc),
  sc: Number(sc),
  rc: Number(rc),
  sq: Number(sq),
  bq: Number(bq),
});

const decode = (_: string, hex: string): string => String.fromCharCode(Number.parseInt(hex, 16));
const decodeHeader = (printed: string): string | null =>
  printed === "" ? null : printed.replace(/#([0-9A-F]{2})/g, decode);

function instantOf(date = ""): number {
  const [, day, month = "", year, hour, minute, second, ms] = DATE.exec(date) ?? [];
  const [y, d, h, m, s] = [year, day, hour, minute, second].map(Number) as [number, number, number, number, number];
  return Date.UTC(y, MONTHS.indexOf(month), d, h, m, s, Number(ms));
}
