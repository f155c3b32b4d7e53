import { describe } from "@jest/globals";
import { hasHaproxy } from "./haproxy.ts";

/** A suite that runs a real HAProxy. Where there is none it is skipped, and says so. */
export function describeHaproxy(name: string, suite: () => void): void {
  if (hasHaproxy()) return describe(name, suite);
  process.stderr.write(`\nNOT TESTED, there is no haproxy here (Debian: apt-get install haproxy): ${name}\n\n`);
  describe.skip(name, suite);
}
