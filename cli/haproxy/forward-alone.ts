#!/usr/bin/env -S node --optimize-for-size --max-semi-space-size=2
import { forward } from "#cli/haproxy/forward.ts";
import { reportFailure } from "#cli/report-failure.ts";

/*
 * `pulse haproxy forward` as a program of its own, which `npm run bundle` makes one file of. The options above keep its
 * heap small: with Node's own, lines that are long gone would take 100 MB more.
 */

try {
  await forward(process.argv.slice(2));
} catch (error) {
  reportFailure(error);
}
