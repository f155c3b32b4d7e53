import type { TargetAnswer } from "#core/triggers/trigger-target.ts";

/** A call that AWS refused, or did not answer. Anything else that was thrown is a bug, and thrown on. */
export function faultOfCall(service: string, error: unknown): TargetAnswer {
  const { name, $metadata } = error as { name?: string; $metadata?: { httpStatusCode?: number } };
  if ($metadata === undefined) throw error;
  const { httpStatusCode: status } = $metadata;
  return { notTaken: `${service} did not take it (${name})`, ...(status !== undefined && { status }) };
}
