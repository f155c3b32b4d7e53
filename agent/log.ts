/**
 * What an agent tells about itself: a JSON object a line, on standard error. Lines of gateways and credentials never.
 */
export interface AgentLog {
  info(message: string, about?: About): void;
  warn(message: string, about?: About): void;
  error(message: string, about?: About): void;
}

type About = Readonly<Record<string, unknown>>;

/** The same message is told at most this often: an attack must not fill the machine's log. */
const REPEAT_MS = 1_000;

export function openLog(write: (line: string) => void, now: () => number): AgentLog {
  const told = new Map<string, { atMs: number; unsaid: number }>();
  const tell =
    (level: string) =>
    (message: string, about: About = {}): void => {
      const atMs = now();
      const last = told.get(message);
      if (last !== undefined && atMs - last.atMs < REPEAT_MS) {
        last.unsaid++;
        return;
      }
      told.set(message, { atMs, unsaid: 0 });
      const repeated = last?.unsaid ? { alsoUnsaid: last.unsaid } : {};
      write(
        `${JSON.stringify({ at: new Date(atMs).toISOString(), level, message, ...about, ...repeated }, printable)}\n`,
      );
    };
  return { info: tell("info"), warn: tell("warn"), error: tell("error") };
}

const printable = (_: string, value: unknown): unknown => (value instanceof Error ? value.message : value);
