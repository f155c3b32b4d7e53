/** Whose doing the end of a session was, as far as its termination state tells. */
export type Culprit =
  | "nobody"
  | "client"
  | "server"
  | "client or network"
  | "server or network"
  | "gateway"
  | "operator";

/** A termination state (`%ts`, `%tsc`; configuration manual, section 8.5) in words. */
export interface TerminationState {
  readonly state: string;
  /** What happened. */
  readonly says: string;
  readonly culprit: Culprit;
  /** What to look at, where the combination is a known one. */
  readonly advice?: string;
  /** Each letter by itself, in order. */
  readonly letters: readonly { readonly letter: string; readonly says: string }[];
  /** What became of the persistence cookie, in states of four letters. */
  readonly cookie?: string;
}

interface Meaning {
  readonly says: string;
  readonly culprit: Culprit;
}

const CAUSES: Readonly<Record<string, Meaning>> = {
  "-": { says: "both sides ended it normally", culprit: "nobody" },
  C: { says: "the client broke it off", culprit: "client" },
  c: { says: "the client was silent for longer than its timeout", culprit: "client or network" },
  S: { says: "the server broke it off, or refused it", culprit: "server" },
  s: { says: "the server was silent for longer than its timeout", culprit: "server" },
  P: {
    says: "HAProxy broke it off: a rule denied it, a limit was reached, or a message was invalid",
    culprit: "gateway",
  },
  L: { says: "HAProxy answered it itself, as it does redirects and statistics", culprit: "nobody" },
  R: { says: "HAProxy had run out of something: memory, sockets or ports", culprit: "gateway" },
  I: { says: "HAProxy found an error within itself, which is a bug", culprit: "gateway" },
  D: { says: "HAProxy ended it because its server was found to be down", culprit: "server" },
  U: { says: "HAProxy ended it on this backup server because a regular server had come up", culprit: "gateway" },
  K: { says: "an administrator ended it", culprit: "operator" },
};

const PHASES: Readonly<Record<string, string>> = {
  "-": "after everything had been transferred",
  R: "while the request was awaited; no server saw any of it",
  Q: "while it waited in a queue for a place on a server",
  C: "while the connection to the server was being made",
  H: "while the headers of the response were awaited",
  D: "while data was being transferred",
  L: "while the last data was on its way to the client; the server was done",
  T: "while it was held in the tarpit",
};

const REQUEST_COOKIES: Readonly<Record<string, string>> = {
  "-": "persistence by cookie is not configured",
  N: "the client had no cookie",
  I: "the client's cookie names a server that does not exist",
  D: "the client's cookie names a server that is down",
  V: "the client's cookie is valid, and led it to its server",
  E: "the client's cookie was not used for longer than maxidle, and was ignored",
  O: "the client's cookie is older than maxlife, and was ignored",
  U: "the client had a cookie, but the server was chosen in another way",
};

const RESPONSE_COOKIES: Readonly<Record<string, string>> = {
  "-": "persistence by cookie is not configured",
  N: "the server set none, and HAProxy added none",
  I: "HAProxy set one",
  U: "HAProxy renewed the date in it",
  P: "the server set one, which was left as it was",
  R: "the server set one, which HAProxy rewrote",
  D: "the server set one, which HAProxy removed",
};

/** The combinations that are worth more than their letters. */
const COMBINATIONS: Readonly<Record<string, Meaning & { readonly advice: string }>> = {
  CC: {
    says: "the client left before HAProxy had reached the server",
    culprit: "client",
    advice: "Many of them: servers that are slow to accept, or dead and not checked. Look at Tc and at health checks.",
  },
  CD: {
    says: "the client left in the middle of the transfer",
    culprit: "client or network",
    advice:
      "Closed browsers and broken lines are common. If transfers of one size or age break off, look between client and gateway.",
  },
  cD: {
    says: "the client took and sent nothing for as long as timeout client",
    culprit: "client or network",
    advice: "The client vanished from the network, or timeout client is shorter than what the application keeps open.",
  },
  CH: {
    says: "the client left before the server began to answer",
    culprit: "client",
    advice: "Compare Tr with that of other requests: either the server was slow, or the client impatient.",
  },
  cH: {
    says: "timeout client passed before the server began to answer",
    culprit: "client or network",
    advice:
      "A body that did not arrive whole, or timeout client is shorter than timeout server and the server was slow.",
  },
  CQ: {
    says: "the client left while it waited for a free place on a server",
    culprit: "server",
    advice: "The servers were full. Look at Tw, sq and bq, at maxconn, and at how long requests take.",
  },
  CR: {
    says: "the client left before it had sent a whole request",
    culprit: "client",
    advice:
      "Probes, or connections opened ahead of need: option http-ignore-probes hides the empty ones. The status is 400.",
  },
  cR: {
    says: "timeout http-request passed before a whole request had come",
    culprit: "client or network",
    advice: "Connections opened ahead of need, slow or hostile clients. The status is 408.",
  },
  CT: {
    says: "the client left while it was held in the tarpit",
    culprit: "client",
    advice: "Make sure that the tarpit's rule hits no one it should not.",
  },
  LR: {
    says: "HAProxy answered the request itself: a redirect, statistics, or a fixed response",
    culprit: "nobody",
    advice: "Nothing is wrong.",
  },
  SC: {
    says: "the server refused the connection, or could not be reached",
    culprit: "server or network",
    advice: "Is it running, and listening on that port? Are a route and the firewall right? The status is 502 or 503.",
  },
  sC: {
    says: "timeout connect passed before the server took the connection",
    culprit: "server or network",
    advice: "Packets are dropped on the way, or the server's backlog is full. The status is 503 or 504.",
  },
  SD: {
    says: "the connection to the server broke in the middle of the transfer",
    culprit: "server or network",
    advice: "Did the server crash or restart at that time? The client got an incomplete response.",
  },
  sD: {
    says: "the server sent and took nothing for as long as timeout server, in the middle of the transfer",
    culprit: "server or network",
    advice: "A firewall in between may have forgotten the connection; long polls and tunnels need timeout tunnel.",
  },
  SH: {
    says: "the server closed the connection before it had sent the headers of a response",
    culprit: "server",
    advice: "It crashed, or ended an idle connection just then. Look at its log for this request. The status is 502.",
  },
  sH: {
    says: "timeout server passed before the headers of a response had come",
    culprit: "server",
    advice: "The application, or its database, is too slow for timeout server. The status is 504.",
  },
  sQ: {
    says: "no place on a server became free within timeout queue",
    culprit: "server",
    advice: "The servers are full: look at maxconn, at Tr, and at what they wait for. The status is 503.",
  },
  PC: {
    says: "HAProxy made no connection to the server because the process had reached its limit of sockets",
    culprit: "gateway",
    advice: "Raise maxconn in global, and ulimit-n if it is set.",
  },
  PD: {
    says: "HAProxy stopped a message whose body was not encoded as it should be",
    culprit: "server",
    advice: "Mostly a response with broken chunks; HAProxy's socket has the bytes under show errors.",
  },
  PH: {
    says: "HAProxy stopped the server's response: invalid, incomplete, or against a rule",
    culprit: "server",
    advice:
      "HAProxy's socket has the response under show errors. The client got a 502; 500 where rewriting a header failed.",
  },
  PR: {
    says: "HAProxy refused the request: invalid, or against a rule",
    culprit: "client",
    advice:
      "400: not valid HTTP; 403: a deny rule, and it is for you to say whether rightly; 500: rewriting a header failed.",
  },
  PT: {
    says: "HAProxy held the request in the tarpit, and then refused it",
    culprit: "client",
    advice: "A tarpit rule matched. Make sure that it hits no one it should not.",
  },
  RC: {
    says: "HAProxy could not connect to the server for want of memory, sockets or source ports",
    culprit: "gateway",
    advice: "HAProxy's own log and the kernel's say which; widen ip_local_port_range, or the source line's ports.",
  },
  "--": {
    says: "the session ended as it should",
    culprit: "nobody",
    advice: "Nothing is wrong with how it ended; what the server answered is in the status.",
  },
};

const COOKIES: Readonly<Record<string, string>> = {
  "--": "persistence by cookie is not configured",
  NN: "no cookie came, and none was set",
  NI: "a new visitor, who was given a cookie",
  II: "the cookie named a server that is gone; another was chosen, and a new cookie set",
  VN: "the visitor came back to its server with a valid cookie",
  VU: "the visitor came back to its server, and the date in its cookie was renewed",
  VI: "the cookie's server could not be reached; another was chosen, and a new cookie set",
  EI: "the cookie had not been used for longer than maxidle; a new one was set",
  OI: "the cookie was older than maxlife; a new one was set",
  DI: "the cookie's server was down; another was chosen, and a new cookie set",
};

const COOKIES_OFF = "--";

/** What `%ts` (two letters) or `%tsc` (four) says; undefined where HAProxy has no such state. */
export function explainTermination(state: string): TerminationState | undefined {
  if (state.length !== 2 && state.length !== 4) return undefined;
  const [cause = "", phase = "", asked, answered] = state;
  const meaning = CAUSES[cause];
  const when = PHASES[phase];
  if (meaning === undefined || when === undefined) return undefined;
  const letters = [
    { letter: cause, says: meaning.says },
    { letter: phase, says: when },
  ];
  const { says, culprit, advice } = { ...meaning, advice: undefined, ...COMBINATIONS[cause + phase] };
  const isKnown = advice !== undefined;
  const end = { says: isKnown ? says : `${says}, ${when}`, culprit, ...(isKnown && { advice }) };
  if (asked === undefined || answered === undefined) return { state, ...end, letters };

  const [request, response] = [REQUEST_COOKIES[asked], RESPONSE_COOKIES[answered]];
  if (request === undefined || response === undefined) return undefined;
  const pair = asked + answered;
  const cookie = COOKIES[pair] ?? `${request}; ${response}`;
  if (pair !== COOKIES_OFF) letters.push({ letter: asked, says: request }, { letter: answered, says: response });
  return { state, ...end, letters, cookie };
}

/** Whether a text is meant as a termination state, be it one or not. */
export const looksLikeTermination = (text: string): boolean => /^[-A-Za-z]{2}(?:[-A-Za-z]{2})?$/.test(text);
