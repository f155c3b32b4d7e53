import type { AgentLog } from "#agent/log.ts";

export interface KeptLog extends AgentLog {
  readonly messages: string[];
}

/** A log that is read by a test alone. */
export function keptLog(): KeptLog {
  const messages: string[] = [];
  const keep = (message: string): void => void messages.push(message);
  return { messages, info: keep, warn: keep, error: keep };
}
