#!/usr/bin/env node
import { forward } from "#cli/haproxy/forward.ts";
import { reportFailure } from "#cli/report-failure.ts";

/* `pulse haproxy forward` as a program of its own: what npm run bundle makes one file of. */

try {
  await forward(process.argv.slice(2));
} catch (error) {
  reportFailure(error);
}
