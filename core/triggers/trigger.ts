import { hash } from "node:crypto";
import type { Event } from "#core/events/event.ts";

/** What declares them: artifacts of these kinds, whose names are apart. */
export const TRIGGER_KINDS = ["triggers", "workflows"] as const;
export type TriggerKind = (typeof TRIGGER_KINDS)[number];

export interface TriggerKey {
  readonly namespace: string;
  readonly kind: TriggerKind;
  readonly name: string;
}

/** Where matching events go. */
export type Target =
  | { readonly webhook: WebhookSettings }
  /** Without a name, the bus of the deployment. */
  | { readonly eventBus: { readonly name?: string } }
  | { readonly lambda: { readonly function: string } };

export type TargetKind = "webhook" | "eventBus" | "lambda";

export interface WebhookSettings {
  readonly url: string;
  /** `whsec_<base64>`; each signs every delivery, so that one can follow another. */
  readonly secrets: readonly string[];
}

/** What matching events start. It needs tags or a type, or both. */
export interface Trigger extends TriggerKey {
  /** That of its artifact. */
  readonly version: number;
  /** All of them must be on the event. */
  readonly tags: readonly string[];
  readonly type?: string;
  readonly target: Target;
  /** What it may take in the long run; beyond it is paused for a while. */
  readonly ratePerSecond: number;
  readonly enabled: boolean;
  /** A workflow that time starts: its tags are those of the ticks that Pulse publishes so often. */
  readonly periodMs?: number;
}

export const DEFAULT_RATE_PER_SECOND = 100;

/** Among the triggers of a deployment, and in what is kept about one. */
export const triggerId = ({ namespace, kind, name }: TriggerKey): string => JSON.stringify([namespace, kind, name]);

/**
 * `webhook-id`: the same whenever this event is delivered for this trigger, so that a receiver can tell a repetition.
 * It has no full stop, which separates what a webhook's signature signs.
 */
export const webhookId = (trigger: TriggerKey, { id }: Event): string =>
  `${id}_${hash("sha256", triggerId(trigger), "hex").slice(0, 16)}`;

export const targetKind = (target: Target): TargetKind =>
  "webhook" in target ? "webhook" : "eventBus" in target ? "eventBus" : "lambda";
