import type { Trigger } from "#core/triggers/trigger.ts";

/** What triggers may use of an account, by names. */
export interface AllowedTargets {
  /** Besides the bus of the deployment, which needs no name. */
  readonly buses: readonly string[];
  readonly functions: readonly string[];
}

export const notAllowed = (what: "bus" | "function", name: string): string =>
  `the deployment lets triggers use no ${what} ${name}: it names those that they may (docs/triggers.md)`;

/** Why a trigger cannot go where it wants to, if so. */
export const targetRefusal =
  ({ buses, functions }: AllowedTargets) =>
  ({ target }: Trigger): string | undefined => {
    if ("eventBus" in target && target.eventBus.name !== undefined && !buses.includes(target.eventBus.name))
      return notAllowed("bus", target.eventBus.name);
    if ("lambda" in target && !functions.includes(target.lambda.function))
      return notAllowed("function", target.lambda.function);
    return undefined;
  };
