import { isNamespace } from "#core/namespaces.ts";

/**
 * What a caller may do: `read` asks, aggregates and streams; `write` creates, changes and deletes; `declare`, with
 * `write`, says what events of a type are and how long they are kept, which deletes those that are older.
 */
export type Right = "read" | "write" | "declare";

export const RIGHTS: readonly Right[] = ["read", "write", "declare"];

export const isRight = (text: string): text is Right => (RIGHTS as readonly string[]).includes(text);

/** A caller who is known. */
export interface Principal {
  /** For logs: `token:<subject>` or `key:<id>`. */
  readonly id: string;
  readonly rights: readonly Right[];
  /** The only namespaces of this caller; without, every one. */
  readonly namespaces?: readonly string[];
  /** When the credentials expire, and with them everything that was allowed because of them. */
  readonly expiresAtMs?: number;
}

/**
 * The rights that a caller really has: a type is declared for all namespaces at once, so callers who are restricted to
 * some namespaces may not declare.
 */
export const rightsOf = ({ rights, namespaces }: Pick<Principal, "rights" | "namespaces">): readonly Right[] =>
  namespaces === undefined ? rights : rights.filter((right) => right !== "declare");

/** API Gateway keeps a few kilobytes of policy for a caller, and each namespace adds some lines to it. */
export const MAX_NAMESPACES = 8;

/** Whether these namespaces can be a caller's restriction: 1 to 8, each written as a namespace is. */
export const canRestrictTo = (names: readonly string[]): boolean =>
  names.length > 0 && names.length <= MAX_NAMESPACES && names.every(isNamespace);
