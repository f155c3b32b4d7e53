import { EventSource } from "eventsource";
import { type Accepted, laneTag, type Place } from "./trouble-load.ts";

/** What a stream asks for; nothing asks for everything. */
export interface StreamFilter {
  readonly lane?: string | undefined;
  readonly type?: string | undefined;
}

export const isWanted = ({ lane, type }: StreamFilter, event: Accepted): boolean =>
  (lane === undefined || lane === event.lane) && (type === undefined || type === event.type);

export interface FollowerOptions {
  readonly streamUrl: string;
  readonly filter: StreamFilter;
  /** Drops its connection so often, and comes back, as a client on a bad line does. @default - never */
  readonly dropEveryMs?: number;
}

/** How long it waits after an answer that makes an EventSource give up. */
const RETURN_MS = 1000;

/** A browser's page: an EventSource, and another from the last id on where it gave up. */
export class Follower {
  readonly filter: StreamFilter;
  readonly received = new Set<string>();
  /** Events that came a second time. */
  doubled = 0;
  /** Events that came after one which was sent later in the same lane. */
  disordered = 0;
  /** Connections that were lost, but for those it dropped itself. */
  lost = 0;
  /** Answers that made the EventSource give up. */
  refused = 0;
  /** Times the server could not honour its position. */
  resets = 0;
  readonly #streamUrl: string;
  readonly #lastNumbers = new Map<string, number>();
  readonly #dropping: NodeJS.Timeout | undefined;
  #returning: NodeJS.Timeout | undefined;
  #source: EventSource;
  #lastId = "";

  /** Resolves when its first frame is here: everything accepted from now on it must get. */
  static async open(options: FollowerOptions): Promise<Follower> {
    const follower = new Follower(options);
    await new Promise((resolve) => follower.#source.addEventListener("pulse.position", resolve, { once: true }));
    return follower;
  }

  private constructor({ streamUrl, filter, dropEveryMs }: FollowerOptions) {
    this.#streamUrl = streamUrl;
    this.filter = filter;
    this.#source = this.#connect();
    if (dropEveryMs !== undefined) this.#dropping = setInterval(() => this.#comeBack(), dropEveryMs);
  }

  close(): void {
    clearInterval(this.#dropping);
    clearTimeout(this.#returning);
    this.#source.close();
  }

  #comeBack(): void {
    this.#source.close();
    clearTimeout(this.#returning);
    this.#source = this.#connect();
  }

  #connect(): EventSource {
    const { lane, type } = this.filter;
    const query = new URLSearchParams({
      named: "false",
      "last-event-id": this.#lastId,
      ...(lane !== undefined && { tag: laneTag(lane) }),
      ...(type !== undefined && { type }),
    });
    const source = new EventSource(`${this.#streamUrl}?${query}`);
    source.addEventListener("message", ({ data, lastEventId }) => {
      this.#lastId = lastEventId;
      this.#take(JSON.parse(data));
    });
    source.addEventListener("pulse.position", ({ lastEventId }) => {
      this.#lastId = lastEventId;
    });
    source.addEventListener("pulse.reset", ({ lastEventId }) => {
      this.#lastId = lastEventId;
      this.resets++;
    });
    source.addEventListener("error", () => {
      if (source.readyState !== EventSource.CLOSED) {
        this.lost++;
        return;
      }
      this.refused++;
      this.#returning = setTimeout(() => this.#comeBack(), RETURN_MS);
    });
    return source;
  }

  #take({ id, value: { lane, number } }: { readonly id: string; readonly value: Place }): void {
    if (this.received.has(id)) {
      this.doubled++;
      return;
    }
    this.received.add(id);
    if (number < (this.#lastNumbers.get(lane) ?? -1)) this.disordered++;
    else this.#lastNumbers.set(lane, number);
  }
}
