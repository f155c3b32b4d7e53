import { describe, test } from "@jest/globals";
import { hasHaproxy } from "./haproxy.ts";

/** A suite that runs a real HAProxy. Where there is none it is skipped, and says so. */
export function describeHaproxy(name: string, suite: () => void): void {
  const isHere = hasHaproxy();
  if (!isHere) tellNotTested(name);
  const describeHere = isHere ? describe : describe.skip;
  describeHere(name, suite);
}

/** A test of such a suite, among others that need none. */
export const testHaproxy = {
  concurrent(name: string, body: () => Promise<void>): void {
    const isHere = hasHaproxy();
    if (!isHere) tellNotTested(name);
    const testHere = isHere ? test.concurrent : test.skip;
    testHere(name, body);
  },
};

function tellNotTested(name: string): void {
  process.stderr.write(`\nNOT TESTED, there is no haproxy here (Debian: apt-get install haproxy): ${name}\n\n`);
}
