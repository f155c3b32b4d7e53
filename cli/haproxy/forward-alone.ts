#!/usr/bin/env -S node --optimize-for-size --max-semi-space-size=2
import { forward } from "#cli/haproxy/forward.ts";
import { reportFailure } from "#cli/report-failure.ts";

/*
 * `pulse haproxy forward` as a program of its own: what npm run bundle makes one file of. With the heap that Node
 * allows itself, lines that are long gone take 100 MB more.
 */

try {
  await forward(process.argv.slice(2));
} catch (error) {
  reportFailure(error);
}
