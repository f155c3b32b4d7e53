import { UsageError } from "#cli/usage-error.ts";

const USAGE_EXIT_CODE = 2;

/** Says why a command failed, and ends with 2 when it was called wrongly, else with 1. */
export function reportFailure(error: unknown): void {
  const isUsage = error instanceof UsageError;
  process.stderr.write(`pulse: ${isUsage || isExpected(error) ? (error as Error).message : (error as Error).stack}\n`);
  process.exitCode = isUsage ? USAGE_EXIT_CODE : 1;
}

/** What the machine refused (a port taken, a folder locked) needs no stack. */
function isExpected(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return error.name === "PulseError" || "syscall" in error || isExpected(error.cause);
}
