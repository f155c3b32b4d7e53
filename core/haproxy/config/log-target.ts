/** The syslog formats of HAProxy's `log` lines and rings. */
export const SYSLOG_FORMATS = ["local", "rfc3164", "rfc5424", "priority", "short", "timed", "iso", "raw"] as const;

export type SyslogFormat = (typeof SYSLOG_FORMATS)[number];

/** A `log` line: where messages go, and in which form. */
export interface LogTarget {
  /** As written: `127.0.0.1:514`, `/dev/log`, `ring@name`, `stdout`. */
  readonly address: string;
  /** Longer messages are cut. */
  readonly maxBytes: number;
  /** Absent: `local`, or `rfc3164` where HAProxy is told to send its host's name. */
  readonly format?: SyslogFormat;
  readonly facility: string;
  /** Less severe messages are not sent. */
  readonly level?: string;
  /** More severe ones are sent as this. */
  readonly minLevel?: string;
  /** Only some of the messages are sent: `1:10`. */
  readonly sampling?: string;
  readonly profile?: string;
  readonly line: number;
}

const DEFAULT_MAX_BYTES = 1024;
const LEVELS: ReadonlySet<string> = new Set("emerg alert crit err warning notice info debug".split(" "));
const FACILITIES: ReadonlySet<string> = new Set(
  (
    "kern user mail daemon auth syslog lpr news uucp cron auth2 ftp ntp audit alert cron2 " +
    "local0 local1 local2 local3 local4 local5 local6 local7"
  ).split(" "),
);

export const isSyslogFormat = (word: string | undefined): word is SyslogFormat =>
  SYSLOG_FORMATS.some((format) => format === word);

/** Reads what follows `log`; answers with what is wrong where it is no target. */
export function readLogTarget(words: readonly string[], line: number): LogTarget | string {
  const rest = [...words];
  const address = rest.shift();
  if (address === undefined || rest.length === 0) return "log needs an address and a facility, or global";
  const option = (name: string): string | undefined =>
    rest[0] === name && rest.length > 1 ? rest.splice(0, 2)[1] : undefined;

  const len = option("len");
  const maxBytes = len === undefined ? DEFAULT_MAX_BYTES : Number(len);
  if (!(maxBytes >= 80 && maxBytes <= 65_535)) return `log … len takes 80 to 65535, not "${len}"`;
  const format = option("format");
  if (format !== undefined && !isSyslogFormat(format)) return `there is no syslog format "${format}"`;
  const sampling = option("sample");
  const profile = option("profile");
  const [facility = "", level, minLevel, ...more] = rest;
  if (!FACILITIES.has(facility)) return `there is no facility "${facility}"`;
  const unknown = [level, minLevel].find((one) => one !== undefined && !LEVELS.has(one));
  if (unknown !== undefined) return `there is no level "${unknown}"`;
  if (more.length > 0) return `log ends before "${more[0]}"`;
  return {
    address,
    maxBytes,
    ...(format !== undefined && { format }),
    facility,
    ...(level !== undefined && { level }),
    ...(minLevel !== undefined && { minLevel }),
    ...(sampling !== undefined && { sampling }),
    ...(profile !== undefined && { profile }),
    line,
  };
}
