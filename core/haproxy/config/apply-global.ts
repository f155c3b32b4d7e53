import type { ConfigLine } from "#core/haproxy/config/config-line.ts";
import { type LogTarget, readLogTarget } from "#core/haproxy/config/log-target.ts";

/** What the section global says of logs. */
export interface GlobalSettings {
  readonly targets: readonly LogTarget[];
  readonly logTag?: string;
  readonly sendsHostname: boolean;
}

/** The settings after a line of the section global; a sentence where HAProxy would refuse it. */
export function applyGlobal(
  settings: GlobalSettings,
  { words: [directive, ...args], line }: ConfigLine,
): GlobalSettings | string {
  switch (directive) {
    case "log": {
      const target = readLogTarget(args, line);
      return typeof target === "string" ? target : { ...settings, targets: [...settings.targets, target] };
    }
    case "log-tag":
      return args[0] === undefined ? "log-tag needs a tag" : { ...settings, logTag: args[0] };
    case "log-send-hostname":
      return { ...settings, sendsHostname: true };
    default:
      return settings;
  }
}
