/** Chances that a seed repeats exactly. */
export interface Random {
  /** A whole number from `min` to `max`, both included. */
  integer(min: number, max: number): number;
  chance(probability: number): boolean;
  oneOf<T>(choices: readonly T[]): T;
  /** Up to `most` of the choices, none twice, in any order. */
  someOf<T>(choices: readonly T[], most: number): T[];
  shuffled<T>(items: readonly T[]): T[];
}

/** Marsaglia's xorshift32, started from a scrambled seed so that neighbouring seeds differ at once. */
export function seededRandom(seed: number): Random {
  let state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) || 1;
  const fraction = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  const integer = (min: number, max: number): number => min + Math.floor(fraction() * (max - min + 1));
  const shuffled = <T>(items: readonly T[]): T[] => {
    const result = [...items];
    for (let last = result.length - 1; last > 0; last--) {
      const other = integer(0, last);
      [result[last], result[other]] = [result[other] as T, result[last] as T];
    }
    return result;
  };
  return {
    integer,
    shuffled,
    chance: (probability) => fraction() < probability,
    oneOf: (choices) => choices[integer(0, choices.length - 1)] as (typeof choices)[number],
    someOf: (choices, most) => shuffled(choices).slice(0, integer(0, most)),
  };
}

/** The seed that `PULSE_SEED` names, to repeat a failure, or else a new one. */
export const seedOfThisRun = (): number => Number(process.env.PULSE_SEED ?? Math.floor(Math.random() * 2 ** 31));
