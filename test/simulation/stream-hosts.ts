import { PulseError } from "#core/errors.ts";
import { EventFeeds } from "#core/events/stream/event-feed.ts";
import type { SimulatedProcess } from "#test/simulation/simulated-process.ts";
import { violate, type World } from "#test/simulation/world.ts";
import type { Random } from "#test/support/random.ts";

/** Copies of stream-events that run; streams share their feeds. */
export class StreamHosts {
  readonly #world: World;
  readonly #random: Random;
  #hosts: { readonly process: SimulatedProcess; readonly feeds: EventFeeds }[] = [];

  constructor(world: World) {
    this.#world = world;
    this.#random = world.fork();
  }

  /** One that runs, or a new one. */
  any() {
    this.#hosts = this.#hosts.filter(({ process }) => process.alive);
    if (this.#hosts.length > 0 && this.#random.chance(0.7)) return this.#random.oneOf(this.#hosts);
    const process = this.#world.startProcess("stream-events");
    const feeds = new EventFeeds({
      store: this.#world.openStore(process),
      clock: process.clock,
      pollMs: this.#world.plan.pollMs,
      onError: (error) => {
        if (!(error instanceof PulseError)) violate(this.#world, `a feed threw ${error}`);
      },
    });
    const host = { process, feeds };
    this.#hosts.push(host);
    return host;
  }
}
