/**
 * What to do about whatever is not well, in one line each; the keys are the anchors of docs/runbook.md, where the whole
 * is written.
 */
export const REMEDIES = {
  "consumer-behind": "find what holds the consumer up; nothing is lost while the journal holds its records",
  "dead-letters": "mend the reason, then pulse redrive <place>",
  "archive-behind": "look at the delivery stream's log",
  "store-red": "bring the missing node back; pulse replay rebuilds what is gone",
  "store-yellow": "wait for the node that is replaced, else see why its shards cannot be placed",
  "store-space": "make the volumes larger before the flood stage",
  "store-writes-blocked": "make space; the block then goes by itself",
  "index-templates": "if the deployment declares the type itself, say --declared; else deploy with -c reinstall=<word>",
  retention: "install Index State Management and deploy with -c reinstall=<word>, or delete old indices by hand",
  "index-mappings": "a new period's index is right again; pulse replay fills one that was deleted",
  "domain-change": "wait until the change is through",
  "domain-software": "let the service update the domain, at a time that suits you",
  "left-checkpoints": "nothing is lost; see in the log of forget-shards why they are still there",
  "keys-table": "bring the table back: without it no request with an Idempotency-Key is taken",
  "artifacts-table": "bring the table and its stream back: without them nothing is declared, or no change is an event",
  "local-folder": "see who else uses the folder, and whether its disk is full",
  "out-of-reach": "see that the address, the credentials and the rights are the ones meant",
} as const;

/** A page of the runbook. */
export type Page = keyof typeof REMEDIES;

/** What a look at one part came to. */
export type Finding =
  | { readonly level: "ok"; readonly part: string; readonly says: string }
  | { readonly level: "warn" | "bad" | "unknown"; readonly part: string; readonly says: string; readonly page: Page };

export const ok = (part: string, says: string): Finding => ({ level: "ok", part, says });

/** Not well, and still at work. */
export const warn = (part: string, says: string, page: Page): Finding => ({ level: "warn", part, says, page });

/** Something does not work, or soon will not. */
export const bad = (part: string, says: string, page: Page): Finding => ({ level: "bad", part, says, page });

/** It could not be looked at. */
export const unknown = (part: string, says: string, page: Page): Finding => ({ level: "unknown", part, says, page });

/** What a check found, or that it could not look: one part out of reach keeps no other from being looked at. */
export async function findings(part: string, check: () => Promise<readonly Finding[]>): Promise<readonly Finding[]> {
  try {
    return await check();
  } catch (error) {
    return [unknown(part, `cannot be looked at: ${reasonOf(error)}`, "out-of-reach")];
  }
}

/** Only the message: an error's cause may hold headers of a signed request. */
function reasonOf(error: unknown): string {
  const { name, message } = error as Error;
  return SAID_IN_FULL.has(name) ? message : `${name}: ${message}`;
}

const SAID_IN_FULL: ReadonlySet<string> = new Set(["Error", "PulseError", "UsageError"]);
