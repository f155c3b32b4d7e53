import type { Clock } from "#core/clock.ts";
import type { Event } from "#core/events/event.ts";
import type { EventStore } from "#core/events/event-store.ts";
import { type EventFilter, everyEvent, matches } from "#core/events/query/event-filter.ts";
import type { Position } from "#core/events/stream/position.ts";
import { HAPROXY_EVENT_TYPE } from "#core/events/types/event-types.ts";

/** An event that was just found, and the position right behind it. Both are the same for all who share a poll. */
export interface FeedItem {
  readonly event: Event;
  readonly position: Position;
}

interface Subscriber {
  readonly filter: EventFilter;
  readonly deliver: (item: FeedItem) => void;
  /** What the subscriber has read beyond the feed's head, until the head has passed it. */
  ahead: Position | undefined;
}

export interface Subscription {
  /** Everything up to here that matches has been delivered. */
  position(): Position;
  leave(): void;
}

export interface FeedOptions {
  readonly store: EventStore;
  readonly clock: Clock;
  /** How long a poll waits for the next, unless poked. */
  readonly pollMs: number;
  /** Told of a poll that failed; the next one tries again. */
  readonly onError: (error: unknown) => void;
}

const TAIL_PAGE = 200;

/**
 * One poller for many streams: reads what is new once and hands it to every subscriber it matches. It reads only while
 * somebody listens.
 */
class EventFeed {
  readonly #options: FeedOptions;
  readonly #filter: EventFilter;
  readonly #subscribers = new Set<Subscriber>();
  #head: Position | undefined;
  #polling = false;
  #poked = false;
  #cancelTimer: (() => void) | undefined;

  constructor(filter: EventFilter, options: FeedOptions) {
    this.#filter = filter;
    this.#options = options;
  }

  /**
   * Joins at a position up to which the subscriber has read everything itself. Undefined when the feed is already
   * beyond it in some shard: then read on and ask again.
   */
  join(filter: EventFilter, position: Position, deliver: (item: FeedItem) => void): Subscription | undefined {
    this.#head ??= position;
    if (!isBehind(this.#head, position)) return undefined;
    const subscriber: Subscriber = { filter, deliver, ahead: isBehind(position, this.#head) ? undefined : position };
    this.#subscribers.add(subscriber);
    this.poke();
    return {
      position: () => merge(this.#head ?? position, subscriber.ahead),
      leave: () => {
        this.#subscribers.delete(subscriber);
        if (this.#subscribers.size === 0) this.#rest();
      },
    };
  }

  /** Polls at once: something new is known to be there. */
  poke(): void {
    if (this.#subscribers.size === 0) return;
    if (this.#polling) {
      this.#poked = true;
      return;
    }
    this.#cancelTimer?.();
    void this.#poll();
  }

  get listeners(): number {
    return this.#subscribers.size;
  }

  #rest(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (!this.#polling) this.#head = undefined;
  }

  async #poll(): Promise<void> {
    this.#polling = true;
    try {
      do {
        this.#poked = false;
        while (this.#subscribers.size > 0 && !(await this.#readPage()));
      } while (this.#poked);
    } catch (error) {
      this.#options.onError(error);
    } finally {
      this.#polling = false;
    }
    if (this.#subscribers.size === 0) this.#head = undefined;
    else this.#cancelTimer = this.#options.clock.after(this.#options.pollMs, () => this.poke());
  }

  /** Reads and hands out one page; whether it was the last for now. */
  async #readPage(): Promise<boolean> {
    const { store } = this.#options;
    const page = await store.tail(this.#filter, this.#head as Position, TAIL_PAGE);
    const types = await store.types();
    const shards = new Map((this.#head as Position).shards);
    for (const { event, point } of page.entries) {
      shards.set(point.shard, point.seq);
      const position = { store: page.position.store, shards: new Map(shards) };
      for (const subscriber of this.#subscribers) {
        if (matches(subscriber.filter, event, types)) handOut(subscriber, { event, position }, point.shard, point.seq);
      }
    }
    this.#head = page.position;
    for (const subscriber of this.#subscribers) {
      if (subscriber.ahead !== undefined && isBehind(subscriber.ahead, this.#head)) subscriber.ahead = undefined;
    }
    return page.caughtUp;
  }
}

function handOut(subscriber: Subscriber, item: FeedItem, shard: string, seq: string): void {
  const { ahead } = subscriber;
  const readTo = ahead?.shards.get(shard);
  if (ahead === undefined) subscriber.deliver(item);
  else if (readTo === undefined || seq > readTo)
    subscriber.deliver({ event: item.event, position: merge(item.position, ahead) });
}

/** Whether `position` is nowhere beyond `other`. */
export function isBehind(position: Position, other: Position): boolean {
  for (const [shard, seq] of position.shards) {
    const otherSeq = other.shards.get(shard);
    if (otherSeq === undefined || otherSeq < seq) return false;
  }
  return true;
}

/** Of each shard the later of both. */
function merge(position: Position, ahead: Position | undefined): Position {
  if (ahead === undefined) return position;
  const shards = new Map(position.shards);
  for (const [shard, seq] of ahead.shards) {
    const other = shards.get(shard);
    if (other === undefined || other < seq) shards.set(shard, seq);
  }
  return { store: position.store, shards };
}

/**
 * Callers name the types of a feed, so names have no end: beyond so many, feeds that nobody listens to are forgotten.
 */
const MAX_FEEDS = 1000;

/** The feeds of a process: one for each namespace, and one for each set of types that asks for gateway logs. */
export class EventFeeds {
  readonly #options: FeedOptions;
  readonly #feeds = new Map<string, EventFeed>();

  constructor(options: FeedOptions) {
    this.#options = options;
  }

  get store(): EventStore {
    return this.#options.store;
  }

  get clock(): Clock {
    return this.#options.clock;
  }

  get pollMs(): number {
    return this.#options.pollMs;
  }

  /** The feed that reads what the filter can match. */
  feedFor(filter: EventFilter): EventFeed {
    const wantsLogs = filter.types.some((type) => type.toLowerCase() === HAPROXY_EVENT_TYPE);
    const types = wantsLogs ? [...filter.types].sort() : [];
    const name = [filter.namespace, ...types].join(" ");
    let feed = this.#feeds.get(name);
    if (feed === undefined) {
      if (this.#feeds.size >= MAX_FEEDS)
        for (const [other, { listeners }] of this.#feeds) if (listeners === 0) this.#feeds.delete(other);
      feed = new EventFeed({ ...everyEvent(filter.namespace), types }, this.#options);
      this.#feeds.set(name, feed);
    }
    return feed;
  }

  /** Something was just made readable: every feed that has listeners looks at once. */
  poke(): void {
    for (const feed of this.#feeds.values()) feed.poke();
  }

  readonly reportError = (error: unknown): undefined => {
    this.#options.onError(error);
  };
}
