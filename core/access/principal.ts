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
  /** When the credentials end, and with them all that was allowed on their word. */
  readonly expiresAtMs?: number;
}

/** The rights that count: a type is declared for all namespaces at once, which is not for who is restricted to some. */
export const rightsOf = ({ rights, namespaces }: Pick<Principal, "rights" | "namespaces">): readonly Right[] =>
  namespaces === undefined ? rights : rights.filter((right) => right !== "declare");

/** All that a caller may do must fit into what a gateway remembers of it: a few kilobytes, some lines a namespace. */
export const MAX_NAMESPACES = 8;

/** Whether a caller can be restricted to these: 1 to 8, each written as a namespace is. */
export const canRestrictTo = (names: readonly string[]): boolean =>
  names.length > 0 && names.length <= MAX_NAMESPACES && names.every(isNamespace);
