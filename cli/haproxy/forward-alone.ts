#!/usr/bin/env -S node --optimize-for-size --max-semi-space-size=2
import { forward } from "#cli/haproxy/forward.ts";
import { reportFailure } from "#cli/report-failure.ts";

const NEEDED_MAJOR = 24;

/*
 * `pulse haproxy forward` as a program of its own, which `npm run bundle` makes one file of. The options above keep its
 * heap small: with Node's own, lines that are long gone would take 100 MB more.
 */

if (Number(process.versions.node.split(".")[0]) < NEEDED_MAJOR) {
  // An older one names the lock of a spool otherwise, so that two agents would write into one.
  process.stderr.write(
    `pulse: needs Node ${NEEDED_MAJOR} or newer, this is ${process.versions.node} (${process.execPath})\n`,
  );
  process.exitCode = 1;
} else {
  try {
    await forward(process.argv.slice(2));
  } catch (error) {
    reportFailure(error);
  }
}
