/** What can go wrong with a request, in words that no transport owns. `functions/shared` turns a kind into a status. */
export type ErrorKind =
  | "invalid-input"
  | "unauthenticated"
  | "forbidden"
  | "not-found"
  | "method-not-allowed"
  | "not-acceptable"
  | "conflict"
  | "precondition-failed"
  | "too-large"
  | "unsupported-media-type"
  | "key-reused"
  | "overloaded"
  | "unavailable";

/**
 * One fault of the input: where (a JSON pointer into the body, or the name of a query parameter or header) and what.
 */
export interface Fault {
  readonly pointer: string;
  readonly detail: string;
}

interface PulseErrorOptions {
  readonly faults?: readonly Fault[];
  /** Seconds after which a retry makes sense. */
  readonly retryAfterSeconds?: number;
  /** Methods that would have been allowed. */
  readonly allow?: readonly string[];
  /** What credentials would have helped, as `WWW-Authenticate` words it. */
  readonly challenge?: string;
  readonly cause?: unknown;
}

/** An expected failure. Anything else that is thrown is a bug and must look like one. */
export class PulseError extends Error {
  readonly kind: ErrorKind;
  readonly faults: readonly Fault[];
  readonly retryAfterSeconds: number | undefined;
  readonly allow: readonly string[] | undefined;
  readonly challenge: string | undefined;

  constructor(kind: ErrorKind, detail: string, options: PulseErrorOptions = {}) {
    super(detail, { cause: options.cause });
    this.name = "PulseError";
    this.kind = kind;
    this.faults = options.faults ?? [];
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.allow = options.allow;
    this.challenge = options.challenge;
  }
}

/** Refuses input, naming every fault. */
export const invalidInput = (faults: readonly Fault[]): PulseError =>
  new PulseError("invalid-input", faults.map((fault) => `${fault.pointer || "/"}: ${fault.detail}`).join("; "), {
    faults,
  });

/** Reads two parts of one request; where both are refused, the refusal names the faults of both. */
export function allFaults<One, Other>(readOne: () => One, readOther: () => Other): [One, Other] {
  let one: One;
  try {
    one = readOne();
  } catch (error) {
    if (!(error instanceof PulseError) || error.kind !== "invalid-input") throw error;
    try {
      readOther();
    } catch (other) {
      if (other instanceof PulseError && other.kind === "invalid-input")
        throw invalidInput([...error.faults, ...other.faults]);
      throw other;
    }
    throw error;
  }
  return [one, readOther()];
}
