import { appendFileSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { encodeBlock } from "#agent/spool/block.ts";
import { type LedgerState, type NamedDrop, numberLost, numberSpooled } from "#agent/spool/ledger.ts";
import { type NewBlock, Spool, type SpooledBlock, type SpoolOptions, type WhenFull } from "#agent/spool/spool.ts";
import { temporaryFolder } from "#test/support/temporary-folder.ts";

let folder: string;
let remove: () => Promise<void>;
const opened = new Set<Spool>();
beforeEach(async () => {
  ({ path: folder, remove } = await temporaryFolder());
});
afterEach(async () => {
  for (const spool of opened) await spool.release();
  opened.clear();
  await remove();
});

const defaults = () => ({ folder, namespace: "default", maxBytes: 1e9, boot: "boot", sync: false, nowMs: 0 });

async function openSpool(options: Partial<SpoolOptions> = {}): Promise<Spool> {
  const spool = await Spool.open({ ...defaults(), ...options });
  opened.add(spool);
  return spool;
}

/** Ends it as a kill does. */
async function kill(spool: Spool): Promise<void> {
  opened.delete(spool);
  await spool.release();
}

const linesBlock = (ledger: LedgerState, texts: readonly string[]): NewBlock => {
  const raw = texts.map((text, index) => `${ledger.incarnation} ${ledger.next + index} ${text}\n`).join("");
  return {
    ledger: numberSpooled(ledger, texts.length),
    lines: texts.length,
    records: texts.length,
    rawBytes: raw.length,
    atMs: 0,
    body: gzipSync(raw),
  };
};

const append = (spool: Spool, texts: readonly string[], whenFull: WhenFull = "refuse"): Promise<boolean> =>
  spool.append((ledger) => linesBlock(ledger, texts), whenFull);

const WITHOUT_LIMITS = { records: 1e9, rawBytes: 1e9, bytes: 1e9 };
const textsOf = (blocks: readonly SpooledBlock[]): string[] =>
  blocks.flatMap(({ body }) =>
    body.length === 0
      ? []
      : gunzipSync(body)
          .toString()
          .split("\n")
          .filter((line) => line !== ""),
  );
const wordsOf = (blocks: readonly SpooledBlock[]): string[] =>
  textsOf(blocks).map((line) => line.slice(line.lastIndexOf(" ") + 1));

const segments = (): string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith(".spool"))
    .sort()
    .map((name) => join(folder, name));

describe("a spool's folder", () => {
  test("is made with those above it, for its owner alone", async () => {
    const deep = join(folder, "a", "b");

    await openSpool({ folder: deep });

    expect(statSync(deep).mode & 0o777).toBe(0o700);
  });

  test("is refused with what the system says, also where it answers that nothing is there", async () => {
    writeFileSync(join(folder, "file"), "");

    await expect(openSpool({ folder: join(folder, "file", "spool") })).rejects.toThrow(/EEXIST.*file'$/);
    await expect(openSpool({ folder: "/proc/pulse/spool" })).rejects.toThrow(/ENOENT/);
  });
});

describe("a spool", () => {
  test("gives back what it was given, in its order, and nothing twice once it is delivered", async () => {
    const spool = await openSpool();
    await append(spool, ["a", "b"]);
    await append(spool, ["c"]);

    const first = await spool.read({ ...WITHOUT_LIMITS, records: 2 });
    await spool.advance(first.at(-1) as SpooledBlock, 2);
    const second = await spool.read(WITHOUT_LIMITS);

    expect([wordsOf(first), wordsOf(second)]).toEqual([["a", "b"], ["c"]]);
    expect(spool.delivered).toEqual({ delivered: 2, sentTo: 2 });
  });

  test("gives a first block however large it is", async () => {
    const spool = await openSpool();
    await append(spool, ["a", "b"]);
    await append(spool, ["c"]);

    expect(wordsOf(await spool.read({ records: 1, rawBytes: 1, bytes: 1 }))).toEqual(["a", "b"]);
  });

  test("goes on behind its last block after a kill, and says that it was interrupted", async () => {
    const before = await openSpool();
    await append(before, ["a"]);
    const { incarnation } = before.ledger;
    await kill(before);

    const spool = await openSpool();
    await append(spool, ["b"]);

    expect(textsOf(await spool.read(WITHOUT_LIMITS))).toEqual([`${incarnation} 1 a`, `${incarnation} 2 b`]);
    expect(spool.ledger.window.interruptions).toBe(1);
  });

  test("that was closed was not interrupted", async () => {
    const before = await openSpool();
    await append(before, ["a"]);
    await before.close(0);
    opened.delete(before);

    const spool = await openSpool();

    expect(spool.ledger).toMatchObject({ next: 2, closed: false, window: { interruptions: 0 } });
  });

  test("that was wiped begins with another name", async () => {
    const before = await openSpool();
    await append(before, ["a"]);
    await kill(before);
    for (const path of segments()) rmSync(path);

    const spool = await openSpool();

    expect(spool.ledger.incarnation).not.toBe(before.ledger.incarnation);
  });

  test("may repeat its numbers on another start of the machine, and when it has lost what was delivered", async () => {
    const before = await openSpool();
    await append(before, ["a"]);
    const withoutB = readFileSync(segments()[0] as string).length;
    await append(before, ["b"]);
    await before.advance((await before.read(WITHOUT_LIMITS)).at(-1) as SpooledBlock, 2);
    expect(before.mayRepeatNumbers("boot")).toBe(false);
    expect(before.mayRepeatNumbers("another")).toBe(true);
    await kill(before);
    truncateSync(segments()[0] as string, withoutB);

    const spool = await openSpool();

    expect(spool.mayRepeatNumbers("boot")).toBe(true);
  });

  test("sends all again when its cursor cannot be read", async () => {
    const before = await openSpool();
    await append(before, ["a"]);
    await before.advance((await before.read(WITHOUT_LIMITS)).at(-1) as SpooledBlock, 1);
    await kill(before);
    writeFileSync(join(folder, "cursor.json"), '{"segm');

    const spool = await openSpool();

    expect(wordsOf(await spool.read(WITHOUT_LIMITS))).toEqual(["a"]);
  });

  test("is one process's", async () => {
    const spool = await openSpool();

    await expect(openSpool()).rejects.toThrow(`another agent uses the spool ${folder}`);
    await kill(spool);
    await openSpool();
  });

  test("is one namespace's", async () => {
    const before = await openSpool();
    await append(before, ["a"]);
    await kill(before);

    await expect(Spool.open({ ...defaults(), namespace: "team-a" })).rejects.toThrow(
      `the spool ${folder} has lines of the namespace default: use another for team-a`,
    );
  });

  test("names the numbers of a part that was damaged, and gives the rest", async () => {
    const spool = await openSpool();
    await append(spool, ["a"]);
    const [path = ""] = segments();
    const from = readFileSync(path).length;
    await append(spool, ["b", "c"]);
    await append(spool, ["d"]);
    const bytes = readFileSync(path);
    bytes[from + 40] = (bytes[from + 40] as number) ^ 0xff;
    writeFileSync(path, bytes);

    const blocks = await spool.read(WITHOUT_LIMITS);

    expect(wordsOf(blocks)).toEqual(["a", "d"]);
    expect(spool.ledger.dropped).toEqual([
      { incarnation: spool.ledger.incarnation, from: 2, to: 3, cause: "spool-damaged" },
    ]);
  });

  test("knows what is lost when a write fails, and goes on", async () => {
    const spool = await openSpool();
    await append(spool, ["a"]);
    const failing = spool.append((ledger) => {
      throw new Error(`no disk behind ${ledger.next}`);
    }, "refuse");

    await expect(failing).rejects.toThrow("no disk behind 2");
    await append(spool, ["b"]);

    expect(wordsOf(await spool.read(WITHOUT_LIMITS))).toEqual(["a", "b"]);
  });
});

describe("a full spool", () => {
  const maxBytes = 8_000;
  const text = (index: number): string => `${index}:${Buffer.alloc(150, String(index)).toString()}`;
  /** Compresses badly enough to fill the spool. */
  const noise = (index: number): string =>
    Array.from({ length: 20 }, (_, at) => (index * 7919 + at * 104_729).toString(36)).join("") + text(index);

  async function fill(spool: Spool, whenFull: WhenFull): Promise<number> {
    for (let index = 0; ; index++) if (!(await append(spool, [noise(index)], whenFull))) return index;
  }

  test("refuses what it has no room for, and takes again when something is delivered", async () => {
    const spool = await openSpool({ maxBytes });
    const taken = await fill(spool, "refuse");

    expect(spool.bytes).toBeLessThanOrEqual(maxBytes + 1000);
    const blocks = await spool.read(WITHOUT_LIMITS);
    expect(blocks).toHaveLength(taken);
    await spool.advance(blocks.at(-1) as SpooledBlock, taken);
    expect(await append(spool, ["again"])).toBe(true);
  });

  test("drops its oldest lines and names them", async () => {
    const spool = await openSpool({ maxBytes });
    for (let index = 0; index < 100; index++) expect(await append(spool, [noise(index)], "drop-oldest")).toBe(true);

    const left = await spool.read(WITHOUT_LIMITS);
    const { incarnation, dropped } = spool.ledger;

    expect(spool.bytes).toBeLessThanOrEqual(maxBytes + 1000);
    expect(dropped).toEqual([{ incarnation, from: 1, to: 100 - left.length, cause: "spool-full" }]);
    expect(left.at(-1)?.header.from).toBe(100);
  });

  test("keeps what is being sent, and its receipts", async () => {
    const spool = await openSpool({ maxBytes });
    await append(spool, [noise(0)]);
    const sending = await spool.read(WITHOUT_LIMITS);
    for (let index = 1; index < 3; index++) await append(spool, [noise(index)], "drop-oldest");
    await spool.append((ledger) => ({ ...linesBlock(ledger, []), records: 1, body: gzipSync("receipt\n") }), "exceed");
    for (let index = 3; index < 100; index++) await append(spool, [noise(index)], "drop-oldest");

    await spool.advance(sending.at(-1) as SpooledBlock, 1);

    expect(spool.ledger.dropped[0]?.from).toBeGreaterThan(1);
    expect(spool.ledger.dropped[0]?.to).toBeGreaterThan(10);
    expect(wordsOf(await spool.read(WITHOUT_LIMITS))).toContain("receipt");
  });
});

describe("whatever happens to a spool", () => {
  type Step =
    | { readonly kind: "append"; readonly lines: number; readonly whenFull: WhenFull }
    | { readonly kind: "lose"; readonly lines: number }
    | { readonly kind: "deliver"; readonly records: number }
    | { readonly kind: "send-and-die"; readonly records: number }
    | { readonly kind: "die-writing"; readonly lines: number; readonly part: number };

  const step: fc.Arbitrary<Step> = fc.oneof(
    fc.record({
      kind: fc.constant("append" as const),
      lines: fc.integer({ min: 1, max: 30 }),
      whenFull: fc.constantFrom<WhenFull>("refuse", "drop-oldest"),
    }),
    fc.record({ kind: fc.constant("lose" as const), lines: fc.integer({ min: 1, max: 5 }) }),
    fc.record({ kind: fc.constant("deliver" as const), records: fc.integer({ min: 1, max: 100 }) }),
    fc.record({ kind: fc.constant("send-and-die" as const), records: fc.integer({ min: 1, max: 100 }) }),
    fc.record({
      kind: fc.constant("die-writing" as const),
      lines: fc.integer({ min: 1, max: 30 }),
      part: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    }),
  );

  test("each line it took is delivered or named as dropped, and no number is two lines'", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        for (const path of readdirSync(folder)) rmSync(join(folder, path));
        const world = { spooled: new Map<string, string>(), delivered: new Map<string, string>(), words: 0 };
        let spool = await openSpool({ maxBytes: 4_000 });
        for (const each of steps) spool = await take(each, spool, world);
        await deliver(spool, world, 1e9);

        const dropped = namesOf(spool.ledger.dropped);
        for (const [name, word] of world.delivered) expect(world.spooled.get(name)).toBe(word);
        const missing = [...world.spooled.keys()].filter((name) => !world.delivered.has(name) && !dropped.has(name));
        expect(missing).toEqual([]);
        await kill(spool);
      }),
      { numRuns: 150 },
    );
  });

  interface World {
    /** What each number was given to. */
    readonly spooled: Map<string, string>;
    readonly delivered: Map<string, string>;
    words: number;
  }

  async function take(step: Step, spool: Spool, world: World): Promise<Spool> {
    switch (step.kind) {
      case "append": {
        const words = Array.from({ length: step.lines }, () => `word${world.words++}`);
        const { incarnation, next } = spool.ledger;
        const taken = await append(spool, words, step.whenFull);
        for (const [index, word] of words.entries())
          if (taken) {
            expect(world.spooled.has(`${incarnation} ${next + index}`)).toBe(false);
            world.spooled.set(`${incarnation} ${next + index}`, word);
          }
        return spool;
      }
      case "lose":
        await spool.save(0, (ledger) => numberLost(ledger, step.lines, "kernel"));
        return spool;
      case "deliver":
        await deliver(spool, world, step.records);
        return spool;
      case "send-and-die":
        receive(await spool.read({ ...WITHOUT_LIMITS, records: step.records }), world);
        await kill(spool);
        return openSpool({ maxBytes: 4_000 });
      case "die-writing": {
        await kill(spool);
        const { body, ...header } = linesBlock(
          spool.ledger,
          Array.from({ length: step.lines }, () => "unwritten"),
        );
        const whole = encodeBlock({ header: { ...header, incarnation: spool.ledger.incarnation, from: 1 }, body });
        const [path] = segments().slice(-1);
        if (path !== undefined) appendFileSync(path, whole.subarray(0, Math.floor(whole.length * step.part)));
        return openSpool({ maxBytes: 4_000 });
      }
    }
  }

  async function deliver(spool: Spool, world: World, records: number): Promise<void> {
    const blocks = await spool.read({ ...WITHOUT_LIMITS, records });
    receive(blocks, world);
    const last = blocks.at(-1);
    if (last !== undefined) await spool.advance(last, 0);
  }

  function receive(blocks: readonly SpooledBlock[], world: World): void {
    for (const text of textsOf(blocks)) {
      const [incarnation, number, word = ""] = text.split(" ");
      const name = `${incarnation} ${number}`;
      expect(world.delivered.get(name) ?? word).toBe(word);
      world.delivered.set(name, word);
    }
  }

  const namesOf = (drops: readonly NamedDrop[]): Set<string> =>
    new Set(
      drops.flatMap(({ incarnation, from, to }) =>
        Array.from({ length: to - from + 1 }, (_, index) => `${incarnation} ${from + index}`),
      ),
    );
});
