import type { Trigger } from "#core/triggers/trigger.ts";

export const WEBHOOK_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/** An enabled trigger of `default` for the tag `tests`, whose webhook is nowhere. */
export const aTrigger = (given: Partial<Trigger> = {}): Trigger => ({
  namespace: "default",
  kind: "triggers",
  name: "tell",
  version: 1,
  tags: ["tests"],
  target: { webhook: { url: "https://receiver.example/hook", secrets: [WEBHOOK_SECRET] } },
  ratePerSecond: 100,
  enabled: true,
  ...given,
});
