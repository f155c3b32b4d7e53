import type { FieldValue } from "#core/haproxy/parser/record.ts";
import { textOf } from "#core/haproxy/parser/text.ts";

/*
 * What HAProxy says of its own state, in fixed words: servers up and down, health checks, proxies stopped.
 */

export type StateFields = Readonly<Record<string, FieldValue>>;

interface StateLine {
  readonly words: RegExp;
  readonly event: string;
}

/** `Server b/s …`, tried in this order; a server also says where its name was resolved from. */
const SERVER = /^(?:Backup )?Server (?<b>[^ /]+)\/(?<s>[^ ]+)(?: \('[^']*'\))? (?<rest>.*)$/s;
const SERVER_STATES: readonly StateLine[] = [
  { words: /^is DOWN(?![A-Za-z])/, event: "server_down" },
  { words: /^is UP(?:[/,.]|$)/, event: "server_up" },
  { words: /^(?:is |was |enters |remains |administratively )/, event: "server_state" },
];

const OTHER_LINES: readonly StateLine[] = [
  {
    words: /^Health check for (?:backup )?server (?<b>[^ /]+)\/(?<s>[^ ]+) (?<result>(?:conditionally )?[a-z]+)(?=,|$)/,
    event: "health_check",
  },
  { words: /^(?:backend|frontend|proxy|listen) (?<b>[^ ]+) has no server available!$/, event: "backend_empty" },
  { words: /^Proxy (?<p>[^ ]+) stopped \(/, event: "proxy_stopped" },
  { words: /^Proxy (?<p>[^ ]+) started\.$/, event: "proxy_started" },
  { words: /^(?:Paused|Stopping|Enabled|Disabled) [a-z]+ (?<p>[^ ]+?)(?: in \d+ ms)?\.$/, event: "proxy_state" },
  {
    words: /^Cannot bind to (?:tproxy )?source address before connect\(\) for backend (?<b>[^ ]+?)\./,
    event: "bind_error",
  },
  { words: /^(?<b>[^ /]+)\/(?<s>[^ ]+) changed its (?:IP|FQDN) from /, event: "server_state" },
  { words: /^Connect (?:from|to) (?<ci>unix):(?<cp>\d+) \((?<f>[^ /]+)\/(?<mode>[A-Z]+)\)$/, event: "other" },
  { words: /^(?:Resumed|Failed to \w+) [a-z]+ (?<p>[^ ]+?)\.$/, event: "other" },
  { words: /^Connect\(\) failed for backend (?<b>[^ ]+?): /, event: "other" },
  { words: /^Proxy (?<p>[^ ]+) reached (?:system|process) /, event: "other" },
];

/** The fields of a line that HAProxy wrote of itself: `event`, and what it is about; undefined for any other line. */
export function readStateLine(message: string): StateFields | undefined {
  const server = SERVER.exec(message)?.groups;
  if (server !== undefined) {
    const { b, s, rest } = server as { b: string; s: string; rest: string };
    const state = SERVER_STATES.find(({ words }) => words.test(rest));
    return state && { event: state.event, b: textOf(b), s: textOf(s), ...detailsOf(rest) };
  }
  for (const { words, event } of OTHER_LINES) {
    const found = words.exec(message);
    if (found === null) continue;
    const details = detailsOf(message.slice(found[0].length));
    return { event, ...toFields(found.groups ?? {}), ...details };
  }
  return undefined;
}

/** A server's answer (`info`) stands last but for what only HAProxy writes, and so cannot pass for anything else. */
const CHECK =
  /, reason: (?<reason>[^,]*?)(?:, code: (?<code>\d+))?(?:, info: "(?<info>.*)")?(?:, check duration: (?<check_ms>\d+)ms)?(?:, status: (?<status>\d+\/\d+ [A-Z]+))?(?=\.)/s;
const SERVERS_LEFT = /\. (?<active>\d+) active and (?<backup>\d+) backup servers (?:left|online)\./;
const SESSIONS =
  /(?:(?<sessions>\d+) sessions active, )?(?<requeued>\d+) (?:sessions )?requeued, (?<queued>\d+) (?:remaining|total) in queue\.$/;
const CONNECTIONS = /cumulated conns: FE: (?<fe_conns>\d+), BE: (?<be_conns>\d+)\)\.$/;

const detailsOf = (text: string): StateFields =>
  Object.assign({}, ...[CHECK, SERVERS_LEFT, SESSIONS, CONNECTIONS].map((words) => toFields(words.exec(text)?.groups)));

const NUMBERS = new Set([
  "code",
  "check_ms",
  "active",
  "backup",
  "sessions",
  "requeued",
  "queued",
  "fe_conns",
  "be_conns",
  "cp",
]);

function toFields(groups: Readonly<Record<string, string | undefined>> = {}): Record<string, FieldValue> {
  const fields: Record<string, FieldValue> = {};
  for (const [name, value] of Object.entries(groups))
    if (value !== undefined) fields[name] = NUMBERS.has(name) ? Number(value) : textOf(value);
  return fields;
}

/**
 * How a connection can fail on its way in (configuration manual, `fc_err_str`): in a handshake, or its PROXY header.
 */
const HANDSHAKE = /handshake|PROXY protocol|^Connection closed|^Timeout|^Received/;

/** What a failed connection says besides, when it is none of the usual: a client's certificate was refused, for one. */
export const eventOfConnectionError = (message: string): string | undefined =>
  HANDSHAKE.test(message) ? undefined : "other";
