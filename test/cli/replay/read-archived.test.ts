import { gzipSync } from "node:zlib";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { type DamagedPart, readArchived } from "#cli/replay/read-archived.ts";

async function* inPieces(bytes: Buffer, length: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

/** The texts of a file's lines, and what is damaged. */
async function read(bytes: Buffer, pieceLength = 64 * 1024): Promise<{ lines: string[]; damaged: DamagedPart[] }> {
  const lines: string[] = [];
  const damaged: DamagedPart[] = [];
  for await (const part of readArchived(inPieces(bytes, pieceLength))) {
    if ("reason" in part) damaged.push(part);
    else for (const line of part) lines.push("text" in line ? line.text : line.unreadable);
  }
  return { lines, damaged };
}

const gzipOf = (...lines: string[]): Buffer => gzipSync(lines.map((line) => `${line}\n`).join(""));
const withFlags = (member: Buffer, flags: number, fields: Buffer): Buffer => {
  const header = Buffer.from(member.subarray(0, 10));
  header[3] = flags;
  return Buffer.concat([header, fields, member.subarray(10)]);
};

const someLines = fc.array(fc.stringMatching(/^[ -~]{1,40}$/), { maxLength: 20 });
const pieceLengths = fc.constantFrom(1, 2, 3, 7, 100, 64 * 1024);

describe("an archived file", () => {
  test("has the same lines plain and in gzip of any number of members, however its bytes come", async () => {
    const groups = fc.array(someLines, { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(groups, fc.integer({ min: 0, max: 9 }), pieceLengths, async (members, level, length) => {
        const lines = members.flat();
        const text = lines.map((line) => `${line}\n`).join("");
        const gzip = members.map((member) => gzipSync(member.map((line) => `${line}\n`).join(""), { level }));

        expect(await read(Buffer.from(text), length)).toEqual({ lines, damaged: [] });
        expect(await read(Buffer.concat(gzip), length)).toEqual({ lines, damaged: [] });
      }),
    );
  });

  test("may have lines that go on in the next member", async () => {
    const bytes = Buffer.concat(["one\ntw", "o\nthr", "ee"].map((text) => gzipSync(text)));

    expect(await read(bytes)).toEqual({ lines: ["one", "two", "three"], damaged: [] });
  });

  test("may have every field that a gzip header can have", async () => {
    const extra = Buffer.from([3, 0, 1, 0, 8]);
    const texts = Buffer.from("name\0comment\0");
    const member = withFlags(gzipOf("a"), 0x1e, Buffer.concat([extra, texts, Buffer.from([1, 2])]));

    for (const length of [1, 12, 1000])
      expect(await read(Buffer.concat([member, gzipOf("b"), member]), length)).toEqual({
        lines: ["a", "b", "a"],
        damaged: [],
      });
  });

  test("loses nothing but what is damaged: it is told, and every whole member is read", async () => {
    const members = fc.array(someLines, { minLength: 1, maxLength: 4 });
    const garbage = fc.uint8Array({ minLength: 1, maxLength: 60 }).filter((bytes) => !bytes.includes(0x1f));
    await fc.assert(
      fc.asyncProperty(members, members, garbage, pieceLengths, async (before, after, between, length) => {
        const first = Buffer.concat(before.map((lines) => gzipOf(...lines)));
        const bytes = Buffer.concat([first, between, ...after.map((lines) => gzipOf(...lines))]);

        const { lines, damaged } = await read(bytes, length);

        expect(lines).toEqual([...before, ...after].flat());
        expect(damaged).toEqual([
          {
            atByte: first.length,
            afterLine: before.flat().length,
            bytes: between.length,
            reason: "no gzip",
          },
        ]);
      }),
    );
  });

  test("that was cut gives what was before the cut, and says where", async () => {
    const whole = gzipOf("a", "b");
    const last = gzipOf("c", "d");
    for (let left = 1; left < last.length; left++) {
      const { lines, damaged } = await read(Buffer.concat([whole, last.subarray(0, left)]), 5);

      expect(lines.slice(0, 2)).toEqual(["a", "b"]);
      expect(damaged).toEqual([
        { atByte: whole.length, bytes: left, afterLine: lines.length, reason: expect.stringContaining("gzip") },
      ]);
    }
  });

  test("of which a damaged member takes the next ones for its own has their lines too", async () => {
    const members = Buffer.concat([gzipOf("a"), gzipOf("b"), gzipOf("c")]);
    const length = members.length - 10;
    const stored = Buffer.from([0x01, length & 0xff, length >> 8, ~length & 0xff, (~length >> 8) & 0xff]);

    const { lines, damaged } = await read(Buffer.concat([gzipOf("").subarray(0, 10), stored, members]), 9);

    expect(lines.filter((line) => line.length === 1)).toEqual(["a", "b", "c"]);
    expect(damaged).toMatchObject([{ atByte: 0, bytes: 15, reason: expect.stringContaining("damaged gzip") }]);
  });

  test("whose bits have changed says so, and goes on with the next member", async () => {
    const broken = gzipOf("first", "second", "third");
    let harmless = 0;
    for (let at = 10; at < broken.length; at++) {
      const changed = Buffer.from(broken);
      changed[at] = (changed[at] as number) ^ 0x10;

      const { lines, damaged } = await read(Buffer.concat([gzipOf("a"), changed, gzipOf("b")]), 9);

      // The last bits of a member may mean nothing.
      if (damaged.length === 0) expect(lines).toEqual(["a", "first", "second", "third", "b"]);
      expect([lines[0], lines.at(-1)]).toEqual(["a", "b"]);
      harmless += damaged.length === 0 ? 1 : 0;
    }
    expect(harmless).toBeLessThan(3);
  });

  test("that inflates to a thousand times its size is read in bounded memory, line by line and as one line", async () => {
    const bombs = [Buffer.alloc(4_000_000, "x\n"), Buffer.alloc(400_000_000, "x")].map((bytes) => gzipSync(bytes));

    const before = process.memoryUsage.rss();
    let most = 0;
    let lines = 0;
    for (const bomb of bombs)
      for await (const part of readArchived(inPieces(bomb, 64 * 1024))) {
        if (!("reason" in part)) lines += part.length;
        most = Math.max(most, process.memoryUsage.rss() - before);
      }

    expect(lines).toBe(2_000_001);
    expect(most).toBeLessThan(200 * 1024 * 1024);
  }, 120_000);
});
