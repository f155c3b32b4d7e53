import { describe } from "@jest/globals";
import { hasHaproxy } from "./haproxy.ts";

/** A suite that runs a real HAProxy. Where there is none it is skipped, and says so. */
export function describeHaproxy(name: string, suite: () => void): void {
  const isHere = hasHaproxy();
  if (!isHere)
    process.stderr.write(`\nNOT TESTED, there is no haproxy here (Debian: apt-get install haproxy): ${name}\n\n`);
  const describeHere = isHere ? describe : describe.skip;
  describeHere(name, suite);
}
