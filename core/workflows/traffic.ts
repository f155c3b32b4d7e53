/** What the log lines of a window come to. */
export interface Figures {
  readonly requests: number;
  /** Answered with a status of 500 or more. */
  readonly errors: number;
  /** Total times of requests, in milliseconds; 0 where none is known. */
  readonly times: Times;
  /** What requests waited in queues on average, in milliseconds. */
  readonly queueMs: number;
}

export interface Times {
  readonly averageMs: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
}

export const NO_TIMES: Times = { averageMs: 0, p50Ms: 0, p95Ms: 0, p99Ms: 0 };
export const NO_TRAFFIC: Figures = { requests: 0, errors: 0, times: NO_TIMES, queueMs: 0 };

/** A frontend of a HAProxy: all its lines, and those of each backend and server by its tag. */
export interface FrontendTraffic {
  readonly all: Figures;
  readonly parts: ReadonlyMap<string, Figures>;
}

/** By frontend. */
export type Traffic = ReadonlyMap<string, FrontendTraffic>;
