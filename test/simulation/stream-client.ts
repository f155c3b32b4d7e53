import { sleep } from "#core/clock.ts";
import { PulseError } from "#core/errors.ts";
import { followEvents, type StreamStart } from "#core/events/follow-events.ts";
import type { EventFilter } from "#core/events/query/event-filter.ts";
import type { EventFeeds } from "#core/events/stream/event-feed.ts";
import { fromPositionText } from "#core/events/stream/position.ts";
import { count } from "#test/simulation/coverage.ts";
import type { Chain } from "#test/simulation/ledger.ts";
import type { SimulatedProcess } from "#test/simulation/simulated-process.ts";
import type { StreamHosts } from "#test/simulation/stream-hosts.ts";
import { drawFilter } from "#test/simulation/vocabulary.ts";
import { violate, type World } from "#test/simulation/world.ts";
import type { Random } from "#test/support/random.ts";

/** Where a chain of streams begins: now, with all that the journal holds, or behind a position. */
export type ChainStart = { readonly at: "now" | "0" } | { readonly after: string; readonly filter: EventFilter };

const CONNECT_PATIENCE_MS = 5_000;
const RECONNECT_MS = 500;
const LONGEST_STAY_MS = 4_000;
const SLOWEST_MS = 1_500;
const MOST_FRAMES_LOST = 6;

/** A client that comes back, from the last id it saw, whenever its stream ends or breaks off. */
export class StreamClient {
  readonly chain: Chain;
  readonly #world: World;
  readonly #hosts: StreamHosts;
  readonly #random: Random;
  #lastId: string | undefined;
  /** Frames of the open connection: they count when it ends. */
  #arriving: string[] = [];
  #connection: { readonly breakOff: (lost: number) => void } | undefined;
  #isClosing = false;
  #going: Promise<void> | undefined;

  constructor(world: World, hosts: StreamHosts, name: string, start: ChainStart) {
    this.#world = world;
    this.#hosts = hosts;
    this.#random = world.fork();
    const isNow = "at" in start && start.at === "now";
    if ("after" in start) this.#lastId = start.after;
    else if (!isNow) this.#lastId = "0";
    this.chain = {
      name,
      filter: "filter" in start ? start.filter : drawFilter(this.#random),
      start: isNow ? undefined : "after" in start ? positionOf(start.after) : new Map(),
      openedAtMs: undefined,
      received: [],
    };
    world.ledger.chains.push(this.chain);
  }

  /** The last position it knows, for others to begin there. */
  get lastId(): string | undefined {
    return this.#lastId;
  }

  /** Connects, breaks off and connects again, until it is closed. */
  comeAndGo(): Promise<void> {
    this.#going = this.#comeAndGo();
    return this.#going;
  }

  async #comeAndGo(): Promise<void> {
    while (!this.#isClosing) {
      await this.#connect(this.#random.integer(0, LONGEST_STAY_MS));
      await sleep(this.#world.time, this.#random.integer(0, RECONNECT_MS));
    }
  }

  /** Breaks off, and stays away. */
  close(): void {
    this.#isClosing = true;
    this.#connection?.breakOff(0);
  }

  /** Connects a last time, until it is closed again. */
  async stay(): Promise<void> {
    await this.#going;
    this.#isClosing = false;
    while (!this.#isClosing) await this.#connect(undefined);
  }

  /** One connection, from its beginning to its end. */
  async #connect(mostMs: number | undefined): Promise<void> {
    const { time, coverage, trace, chaos } = this.#world;
    const { process, feeds } = this.#hosts.any();
    const { chain } = this;
    trace(() => `${chain.name}: calls ${process.name}`);
    const start = await this.#start(process, feeds);
    if (start === undefined || this.#isClosing) return;
    count(coverage, this.#lastId === undefined ? "streams" : "resumes");
    trace(() => `${chain.name}: connects to ${process.name}`);
    this.#arriving = [];
    await new Promise<void>((resolve) => {
      let stop = () => {};
      const breakOff = (lost: number): void => {
        if (this.#connection?.breakOff !== breakOff) return;
        this.#connection = undefined;
        stop();
        this.#read(this.#arriving.length - lost);
        resolve();
      };
      this.#connection = { breakOff };
      process.onDeath(() => breakOff(this.#random.integer(0, MOST_FRAMES_LOST)));
      const isLeased = mostMs !== undefined && this.#random.chance(0.3);
      if (mostMs !== undefined)
        time.after(mostMs, () => {
          breakOff(chaos.strikes("broken-stream") ? this.#random.integer(0, MOST_FRAMES_LOST) : 0);
        });
      const leaseMs = this.#random.integer(0, LONGEST_STAY_MS);
      stop = followEvents(
        feeds,
        { filter: chain.filter, start, named: this.#random.chance(0.5), ...(isLeased && { leaseMs }) },
        {
          write: (frame) => {
            if (chain.start === undefined && this.#arriving.length === 0) chain.openedAtMs = time.now();
            trace(() => `${chain.name}: is sent ${toReadable(frame)}`);
            this.#arriving.push(frame);
            return !chaos.strikes("slow-client");
          },
          drained: () => sleep(process.clock, this.#random.integer(0, SLOWEST_MS)),
          end: () => breakOff(0),
        },
      );
    });
  }

  /** Where the stream begins; undefined if it could not be opened this time. */
  async #start(process: SimulatedProcess, feeds: EventFeeds): Promise<StreamStart | undefined> {
    const started = this.#world.wiring
      .startOfStream(this.#lastId, this.chain.filter.namespace, feeds, (detail) => detail)
      .catch((error: unknown) => {
        if (!(error instanceof PulseError)) throw error;
        if (error.kind === "invalid-input") violate(this.#world, `${this.chain.name}: refused: ${error.message}`);
        return undefined;
      });
    return process.outcomeOf(started, CONNECT_PATIENCE_MS);
  }

  /** The first frames have arrived, the others are lost. */
  #read(frames: number): void {
    const { chain } = this;
    for (const frame of this.#arriving.slice(0, Math.max(0, frames))) {
      this.#lastId = /^id: (.*)$/m.exec(frame)?.[1] as string;
      chain.start ??= positionOf(this.#lastId);
      if (frame.includes("event: pulse.reset")) violate(this.#world, `${chain.name}: reset: ${frame}`);
      if (!frame.includes("event: pulse.")) chain.received.push(/^data: (.*)$/m.exec(frame)?.[1] as string);
    }
    this.#arriving = [];
    this.#world.trace(() => `${chain.name}: has read ${chain.received.length} events`);
  }
}

/** A frame with its position spelt out. */
const toReadable = (frame: string): string =>
  frame.replace(/^id: (.*)\n/m, (_, id: string) => `${JSON.stringify([...positionOf(id)])} `).replaceAll("\n", " ");

function positionOf(text: string): ReadonlyMap<string, string> {
  const token = fromPositionText(text);
  if (token === undefined) throw new Error(`not a position: ${text}`);
  return token.position.shards;
}
