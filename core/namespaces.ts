import { PulseError } from "#core/errors.ts";

/** The namespace of the bare path. It is always there; others are declared in settings. */
export const DEFAULT_NAMESPACE = "default";

const NAMESPACE = /^[a-z0-9-]{1,40}$/;
export const isNamespace = (name: string): boolean => NAMESPACE.test(name);

/** Refuses a namespace that is not declared, as `not-found`. */
export function requireNamespace(name: string, declared: readonly string[]): void {
  if (name !== DEFAULT_NAMESPACE && !declared.includes(name))
    throw new PulseError("not-found", `there is no namespace ${JSON.stringify(name.slice(0, 80))}`);
}
