/** What an agent tells about itself: a JSON object a line, on standard error. Lines of gateways and credentials never. */
export interface AgentLog {
  info(message: string, about?: Readonly<Record<string, unknown>>): void;
  warn(message: string, about?: Readonly<Record<string, unknown>>): void;
  error(message: string, about?: Readonly<Record<string, unknown>>): void;
}

export function openLog(write: (line: string) => void, now: () => number): AgentLog {
  const tell =
    (level: string) =>
    (message: string, about: Readonly<Record<string, unknown>> = {}): void => {
      const at = new Date(now()).toISOString();
      write(`${JSON.stringify({ at, level, message, ...about }, printable)}\n`);
    };
  return { info: tell("info"), warn: tell("warn"), error: tell("error") };
}

const printable = (_: string, value: unknown): unknown => (value instanceof Error ? value.message : value);
