import { sleep } from "#core/clock.ts";
import { PulseError } from "#core/errors.ts";
import type { EventFilter } from "#core/events/query/event-filter.ts";
import { type EventFeeds, type FeedItem, isBehind, type Subscription } from "#core/events/stream/event-feed.ts";
import { fromPositionText, type Position, toPositionText } from "#core/events/stream/position.ts";
import { isReceipt } from "#core/events/stream/receipt.ts";
import { eventFrame, positionFrame, resetFrame } from "#core/events/stream/stream-frames.ts";

/** Where the frames of one client go. */
export interface EventStreamSink {
  /** Takes a frame; false when it would rather wait before the next. */
  write(frame: string): boolean;
  /** Resolves when more can be written, or nobody reads any more. */
  drained(): Promise<void>;
  end(): void;
}

/** Where a stream begins. */
export interface StreamStart {
  readonly position: Position;
  /** Something may lie between the position and now. */
  readonly resumed: boolean;
  /** What was accepted earlier is not looked at. */
  readonly receivedFromMs?: number;
  /** Why the position that was asked for could not be honoured: a problem document. */
  readonly reset?: string;
}

/** How old a position may be, and how far `0` reaches back: as long as the journal keeps its records. */
export const POSITION_LIFETIME_MS = 7 * 24 * 60 * 60 * 1000;

/** How far the clocks of two servers may be apart. */
const MAX_SKEW_MS = 5 * 60 * 1000;

/**
 * The beginning that `Last-Event-ID` asks for: right behind a position, `0` for all that the journal still holds, or
 * now. Throws `invalid-input` for what is no position of this namespace; an old or foreign one is answered by a reset.
 */
export async function startOfStream(
  lastEventId: string | undefined,
  namespace: string,
  { store, clock }: EventFeeds,
  problemOf: (detail: string) => string,
): Promise<StreamStart> {
  const present = await store.position();
  if (lastEventId === undefined || lastEventId === "") return { position: present, resumed: false };
  const earliestMs = clock.now() - POSITION_LIFETIME_MS;
  if (lastEventId === "0") {
    return { position: { store: present.store, shards: new Map() }, resumed: true, receivedFromMs: earliestMs };
  }
  const token = fromPositionText(lastEventId);
  if (token === undefined) throw malformed("is not a position: take the id of a frame, a Pulse-Position, or 0");
  if (isReceipt(token.position)) throw malformed("is a receipt, which says when a query may be asked: ?after=");
  if (token.namespace !== namespace) throw malformed(`is a position of the namespace ${token.namespace}`);
  if (token.atMs > clock.now() + MAX_SKEW_MS) throw malformed("was given at a time that has not come yet");
  const reset = (detail: string): StreamStart => ({ position: present, resumed: false, reset: problemOf(detail) });
  if (token.position.store !== present.store)
    return reset("the store was rebuilt since this position was given: the stream begins now");
  if (token.atMs < earliestMs) return reset("the position is older than what the journal holds: the stream begins now");
  for (const [shard, seq] of token.position.shards) {
    const checkpoint = present.shards.get(shard);
    if (checkpoint !== undefined && seq > checkpoint) throw malformed("lies beyond what the store has seen");
  }
  return { position: token.position, resumed: true };
}

const malformed = (detail: string): PulseError =>
  new PulseError("invalid-input", `Last-Event-ID ${detail}`, { faults: [{ pointer: "Last-Event-ID", detail }] });

export interface FollowOptions {
  readonly filter: EventFilter;
  readonly start: StreamStart;
  /** Whether frames carry the event's type as their name. */
  readonly named: boolean;
  /** After so long the stream ends with its position; without, it goes on. */
  readonly leaseMs?: number;
}

const HEARTBEAT_MS = 15_000;
const CATCH_UP_PAGE = 200;

/**
 * Writes to the sink all that matches after the start: first what is there already, read for this client alone, then
 * what the shared feed finds. The answer stops it.
 */
export function followEvents(feeds: EventFeeds, options: FollowOptions, sink: EventStreamSink): () => void {
  const { filter, start, named, leaseMs } = options;
  const { store, clock } = feeds;
  const feed = feeds.feedFor(filter);
  let position = start.position;
  let subscription: Subscription | undefined;
  let stopped = false;
  let cancelHeartbeat = () => {};

  const textOf = (at: Position) => toPositionText({ position: at, namespace: filter.namespace, atMs: clock.now() });
  const here = () => textOf(subscription?.position() ?? position);

  const beat = () => {
    cancelHeartbeat = clock.after(HEARTBEAT_MS, () => {
      sink.write(positionFrame(here(), false));
      beat();
    });
  };
  const cancelLease =
    leaseMs === undefined
      ? () => {}
      : clock.after(leaseMs, () => {
          const last = here();
          stop();
          sink.write(positionFrame(last, false));
          sink.end();
        });
  const stop = () => {
    stopped = true;
    cancelHeartbeat();
    cancelLease();
    subscription?.leave();
  };

  const deliver = (item: FeedItem) => sink.write(sharedFrame(item, filter.namespace, named, textOf));

  const catchUp = async () => {
    let caughtUp = !start.resumed;
    while (!stopped) {
      if (caughtUp) subscription = feed.join(filter, position, deliver);
      if (subscription !== undefined) {
        if (start.resumed || start.reset !== undefined) sink.write(positionFrame(here(), true));
        return;
      }
      const isRefused = caughtUp;
      const page = await store.tail(filter, position, CATCH_UP_PAGE, start.receivedFromMs).catch(feeds.reportError);
      if (stopped) return;
      if (page === undefined) {
        await sleep(clock, feeds.pollMs);
        continue;
      }
      // The feed has read a shard that the store's overview does not show yet: until it does, there is nothing to read.
      const isStuck = isRefused && page.entries.length === 0 && isBehind(page.position, position);
      const shards = new Map(position.shards);
      for (const { event, point } of page.entries) {
        shards.set(point.shard, point.seq);
        position = { store: page.position.store, shards: new Map(shards) };
        if (sink.write(eventFrame(event, textOf(position), named))) continue;
        await sink.drained();
        if (stopped) return;
      }
      position = page.position;
      caughtUp = page.caughtUp;
      if (isStuck) await sleep(clock, feeds.pollMs);
    }
  };

  sink.write(start.reset === undefined ? positionFrame(here(), !start.resumed) : resetFrame(here(), start.reset));
  beat();
  void catchUp();
  return stop;
}

const frames = new WeakMap<FeedItem, Map<string, string>>();

/** An event's frame, written once for all streams that send the same. */
function sharedFrame(
  item: FeedItem,
  namespace: string,
  named: boolean,
  textOf: (position: Position) => string,
): string {
  const variant = `${named} ${namespace}`;
  let variants = frames.get(item);
  if (variants === undefined) {
    variants = new Map();
    frames.set(item, variants);
  }
  let frame = variants.get(variant);
  if (frame === undefined) {
    frame = eventFrame(item.event, textOf(item.position), named);
    variants.set(variant, frame);
  }
  return frame;
}
