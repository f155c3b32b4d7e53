import { PulseError } from "#core/errors.ts";
import { DEFAULT_NAMESPACE, isNamespace } from "#core/namespaces.ts";

/** What a caller may do: `read` asks, aggregates and streams; `write` creates, changes and deletes. */
export type Right = "read" | "write";

export const RIGHTS: readonly Right[] = ["read", "write"];

/** A caller who is known. */
export interface Principal {
  /** For logs: `token:<subject>` or `key:<id>`. */
  readonly id: string;
  readonly rights: ReadonlySet<Right>;
  /** The only namespaces of this caller; without, every one. */
  readonly namespaces?: readonly string[];
  /** When the credentials end. What was allowed on their word ends with them. */
  readonly expiresAtMs?: number;
}

/** API Gateway takes 8 KB of policy, and each namespace is a few lines of it. */
export const MAX_NAMESPACES = 8;

/** Whether a caller can be restricted to these namespaces: 1 to 8, each written as namespaces are. */
export const canRestrictTo = (names: readonly string[]): boolean =>
  names.length > 0 && names.length <= MAX_NAMESPACES && names.every(isNamespace);

/** Refuses a caller without the right, or one who has it in other namespaces only, as `forbidden`. */
export function requireRight({ rights, namespaces }: Principal, right: Right, namespace = DEFAULT_NAMESPACE): void {
  if (!rights.has(right)) throw new PulseError("forbidden", `this caller does not have the right to ${right}`);
  if (namespaces !== undefined && !namespaces.includes(namespace))
    throw new PulseError("forbidden", `this caller has no rights in the namespace ${JSON.stringify(namespace)}`);
}
