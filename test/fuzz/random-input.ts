import type { Random } from "#test/support/random.ts";

const LONGEST_REPEAT = 20_000;
/** What means something to the readers of lines, frames, configurations or records. */
const PIECES = [
  ..." |-|+|0|/|:|{|}|[|]|\"|'|#|#0A|~|\\|\n|\r|\0|\t|,|%|%{+Q}r|%[|$|\u00e9|\u2028|\ud83d\ude00".split("|"),
  ...[
    "|",
    "<134>",
    "1 - - ",
    "999999999 ",
    '"}',
    '\\"',
    "<BADREQ>",
    "<NOSRV>",
    "-1",
    "1e400",
    "null",
    " ---- ",
    "::1:",
    "\ufeff",
    "\\ud83d",
  ],
];

/** Bytes as nobody would send them, or as somebody sent them but for some changes. */
export function anyBytes(random: Random, samples: readonly Uint8Array[]): Buffer {
  if (random.chance(0.05)) return randomBytes(random, random.integer(0, 300));
  let bytes: Buffer = Buffer.from(random.oneOf(samples));
  for (let changes = random.integer(0, 4); changes > 0; changes--) bytes = changed(random, bytes, samples);
  return bytes;
}

/** The same for what is text. */
export const anyText = (random: Random, samples: readonly string[]): string =>
  anyBytes(
    random,
    samples.map((sample) => Buffer.from(sample)),
  ).toString();

const randomBytes = (random: Random, length: number): Buffer =>
  Buffer.from(Array.from({ length }, () => random.integer(0, 255)));

function changed(random: Random, bytes: Buffer, samples: readonly Uint8Array[]): Buffer {
  const from = random.chance(0.1) ? 0 : random.integer(0, bytes.length);
  const to = Math.min(bytes.length, from + random.integer(0, random.chance(0.1) ? bytes.length : 8));
  const around = (between: Uint8Array): Buffer => Buffer.concat([bytes.subarray(0, from), between, bytes.subarray(to)]);
  switch (random.integer(0, 6)) {
    case 0:
      return around(new Uint8Array(0));
    case 1:
      return around(Buffer.from(random.oneOf(PIECES)));
    case 2:
      return around(randomBytes(random, random.integer(1, 8)));
    case 3:
      return bytes.subarray(0, from);
    case 4:
      return Buffer.concat([bytes.subarray(0, to), bytes.subarray(from)]);
    case 5:
      return Buffer.concat([bytes.subarray(0, from), Buffer.from(random.oneOf(samples)).subarray(from)]);
    default:
      return around(Buffer.from(random.oneOf(PIECES).repeat(repeats(random))));
  }
}

/** Long ones are rare, and tell what takes more time than its length allows. */
const repeats = (random: Random): number => random.integer(1, random.chance(0.02) ? LONGEST_REPEAT : 20);
