import { expect } from "@jest/globals";

/** Sums of engines differ in the order they add in. */
const RELATIVE_ERROR = 1e-9;

/**
 * Expects an answer of the same form as two others, its numbers between theirs; where those are the same, so must this
 * one be, but for rounding.
 */
export function expectBetween(actual: unknown, low: unknown, high: unknown): void {
  expect(outside(actual, low, high, "answer")).toEqual([]);
}

function outside(actual: unknown, low: unknown, high: unknown, path: string): string[] {
  if (typeof actual === "number" && typeof low === "number" && typeof high === "number") {
    const slack = RELATIVE_ERROR * Math.max(Math.abs(low), Math.abs(high));
    return actual >= low - slack && actual <= high + slack ? [] : [`${path} is ${actual}, not ${low} to ${high}`];
  }
  if (!isContainer(actual) || !isContainer(low) || !isContainer(high))
    return Object.is(actual, low) ? [] : [`${path} is ${JSON.stringify(actual)}, not ${JSON.stringify(low)}`];
  const keys = Object.keys(low);
  const extra = Object.keys(actual).filter((key) => !Object.hasOwn(low, key));
  if (extra.length > 0) return [`${path} has ${JSON.stringify(extra)} too much`];
  return keys.flatMap((key) => outside(actual[key], low[key], high[key], `${path}.${key}`));
}

const isContainer = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;
