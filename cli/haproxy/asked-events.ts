/** A query as the API's bodies have it. */
export interface EventQuestion {
  readonly type: string;
  readonly tags: readonly string[];
  readonly timestamp?: { readonly gt?: string; readonly gte?: string; readonly lte?: string };
}

/** An event as far as commands look at it. */
export interface AskedEvent {
  readonly id: string;
  readonly tags: readonly string[];
  readonly value?: unknown;
}

/** Where a command asks for events: an API, or the store behind it. */
export interface AskedEvents {
  /** All that match, newest first. */
  every(question: EventQuestion): AsyncIterable<AskedEvent>;
  count(question: EventQuestion): Promise<number>;
  /** How many have each of the tags `<generic>:…`, of the thousand that most have. */
  countByTag(question: EventQuestion, generic: string): Promise<ReadonlyMap<string, number>>;
  close(): Promise<void>;
}
