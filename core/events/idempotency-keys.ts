/** What a first try fixed, so that every retry within 24 h gives the same event. */
export interface KeyClaim {
  readonly namespace: string;
  readonly key: string;
  /** Of the body: the same key with another body is refused. */
  readonly digest: string;
  readonly id: string;
  readonly receivedAtMs: number;
}

export const KEY_LIFETIME_MS = 24 * 60 * 60 * 1000;

/** Remembers idempotency keys. */
export interface IdempotencyKeys {
  /** For each claim, in order, the first one of its key in the last 24 h: an earlier try's, or the claim itself. */
  claim(claims: readonly KeyClaim[]): Promise<readonly KeyClaim[]>;
}
