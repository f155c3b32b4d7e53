import type { Event } from "#core/events/event.ts";
import { expandTags } from "#core/events/tags.ts";
import { uuidV7 } from "#core/uuid.ts";

/*
 * Events of the kind a platform makes: 6 types in equal parts, 200 gateways, 1000 services, spread evenly over 31 days
 * in order of time. The same numbers give the same events, whoever asks.
 */

export const TYPES = ["metrics", "health", "event", "allocation", "workflow", "archive"] as const;
export const GATEWAYS = 200;
export const SERVICES = 1000;

export const DAY_MS = 24 * 60 * 60 * 1000;
const SPAN_MS = 31 * DAY_MS;

/** Numbers below `below`, always the same ones in the same order. */
export function seededRandom(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

export interface SampleOptions {
  readonly count: number;
  readonly namespace: string;
  /** The time of the last one. */
  readonly endMs: number;
  readonly seed: number;
}

/** One after the other, so that a million need not be held at once. */
export function* sampleEvents({ count, namespace, endMs, seed }: SampleOptions): Generator<Event> {
  const random = seededRandom(seed);
  for (let index = 0; index < count; index++) {
    const timestampMs = endMs - SPAN_MS + Math.ceil(((index + 1) / count) * SPAN_MS);
    const type = TYPES[random(TYPES.length)] as (typeof TYPES)[number];
    yield {
      id: uuidV7(endMs),
      namespace,
      type,
      tags: expandTags([`gateways:gateway-${random(GATEWAYS)}`, `services:service-${random(SERVICES)}`, type]),
      value: sampleValue(type, random),
      timestamp: new Date(timestampMs).toISOString(),
      timestampMs,
      receivedAtMs: endMs,
    };
  }
}

function sampleValue(type: (typeof TYPES)[number], random: (below: number) => number): string {
  if (type === "metrics" || type === "health") return String(random(100_000) / 100);
  if (type === "allocation") return `{"cpu":${random(1000) / 1000},"memory":${random(4096)},"instances":${random(5)}}`;
  if (type === "workflow") return `{"state":"deployed","response":{"time":${random(500)}}}`;
  return `"text ${random(1_000_000)}"`;
}

/** The event as a caller sends it. */
export const toDraftJson = ({ type, tags, value, timestamp }: Event): string =>
  `{"type":"${type}","tags":${JSON.stringify(tags)},"value":${value},"timestamp":"${timestamp}"}`;
