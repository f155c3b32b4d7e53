import { PulseError } from "#core/errors.ts";

/** What a caller without credentials is asked for (RFC 6750, section 3). */
export const CHALLENGE = 'Bearer realm="pulse"';

/** What a caller lacks who is known. */
export const INSUFFICIENT_SCOPE = `${CHALLENGE}, error="insufficient_scope"`;

/** What is said where callers are neither known nor refused. */
export const CANNOT_VERIFY = "callers cannot be verified right now";

/** Nothing that could be credentials was sent. */
export const notAuthenticated = (): PulseError =>
  new PulseError("unauthenticated", "this needs Authorization: Bearer <access token>, or token <API key>", {
    challenge: CHALLENGE,
  });

/** One answer for all that can be wrong with credentials: what it is would help who guesses (RFC 6750, section 3.1). */
export const refusedCredentials = (cause?: unknown): PulseError =>
  new PulseError(
    "unauthenticated",
    "the access token or API key is expired, revoked, malformed, or invalid otherwise",
    {
      challenge: `${CHALLENGE}, error="invalid_token"`,
      cause,
    },
  );

export const notAllowed = (detail: string): PulseError =>
  new PulseError("forbidden", detail, { challenge: INSUFFICIENT_SCOPE });
