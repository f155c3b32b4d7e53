const SECOND_MS = 1000;

const MILLISECONDS = Array.from({ length: SECOND_MS }, (_, ms) => `${String(ms).padStart(3, "0")}Z`);

let second = { number: 0, text: "1970-01-01T00:00:00." };

/**
 * An instant as `Date` prints it, 2026-01-31T10:00:00.000Z, for a fifth of the time: those that are printed one after
 * the other are often of one second.
 */
export function printUtc(ms: number): string {
  const number = Math.floor(ms / SECOND_MS);
  if (second.number !== number)
    second = { number, text: new Date(number * SECOND_MS).toISOString().slice(0, -"000Z".length) };
  return second.text + MILLISECONDS[ms - number * SECOND_MS];
}
