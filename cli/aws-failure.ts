import { PulseError } from "#core/errors.ts";

/**
 * What AWS answered, or that there are no credentials or no region to ask it with, in a line that says what was asked;
 * anything else as it is.
 */
export function toAwsFailure(asked: string, error: unknown): unknown {
  const { name, message, $metadata } = error as Error & { readonly $metadata?: object };
  if ($metadata === undefined && name !== "CredentialsProviderError" && message !== "Region is missing") return error;
  return new PulseError("unavailable", `${asked}: ${name}: ${message}`, { cause: error });
}
