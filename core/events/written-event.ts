import { Page } from "#core/byte-page.ts";
import type { Event } from "#core/events/event.ts";

/** Of a UUID. */
export const ID_BYTES = 36;
/** Of `2026-01-31T10:00:00.000Z`. */
export const TIMESTAMP_BYTES = 24;
/** Before the value. */
export const HEAD_BYTES = ID_BYTES + TIMESTAMP_BYTES;

/** What of an event is not written in its page. */
export type Unwritten = Pick<Event, "namespace" | "type" | "tags" | "timestampMs" | "receivedAtMs">;

/**
 * An event that its maker wrote as bytes: from `at` in the page, which holds others as well, its id, its timestamp in
 * UTC, and up to `end` its value. A store that keeps the same text copies it from there. To all others it is an event
 * like any other, whose texts are made when they are asked for.
 */
export class WrittenEvent implements Event {
  readonly namespace: string;
  readonly type: string;
  readonly tags: readonly string[];
  readonly timestampMs: number;
  readonly receivedAtMs: number;
  // Private, so that whoever prints an event does not print its neighbours.
  readonly #page: Page;
  readonly #at: number;
  readonly #end: number;

  constructor({ namespace, type, tags, timestampMs, receivedAtMs }: Unwritten, page: Page, at: number, end: number) {
    this.namespace = namespace;
    this.type = type;
    this.tags = tags;
    this.timestampMs = timestampMs;
    this.receivedAtMs = receivedAtMs;
    this.#page = page;
    this.#at = at;
    this.#end = end;
  }

  get page(): Page {
    return this.#page;
  }

  get at(): number {
    return this.#at;
  }

  get end(): number {
    return this.#end;
  }

  get id(): string {
    return this.#page.bytes.toString("latin1", this.#at, this.#at + ID_BYTES);
  }

  get timestamp(): string {
    return this.#page.bytes.toString("latin1", this.#at + ID_BYTES, this.#at + HEAD_BYTES);
  }

  get value(): string {
    return this.#page.bytes.toString("utf8", this.#at + HEAD_BYTES, this.#end);
  }

  /** The same event, plain. */
  toJSON(): Event {
    const { id, namespace, type, tags, value, timestamp, timestampMs, receivedAtMs } = this;
    return { id, namespace, type, tags, value, timestamp, timestampMs, receivedAtMs };
  }
}

const PAGE_BYTES = 131_072;

/** Pages for written events, one after the other: an event keeps the page that it is in. */
export class EventPages {
  #page = new Page(0);
  #at = 0;

  /** The event that stands from `from` to `to` in another page. */
  take(event: Unwritten, { bytes }: Page, from: number, to: number): WrittenEvent {
    const length = to - from;
    if (this.#at + length > this.#page.bytes.length) {
      this.#page = new Page(Math.max(PAGE_BYTES, length));
      this.#at = 0;
    }
    const at = this.#at;
    bytes.copy(this.#page.bytes, at, from, to);
    this.#at += length;
    return new WrittenEvent(event, this.#page, at, at + length);
  }
}
