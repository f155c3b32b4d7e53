import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { LineCutter } from "#core/haproxy/syslog/line-cutter.ts";

function cut(cutter: LineCutter, chunks: readonly Uint8Array[]) {
  const lines = [...chunks.flatMap((chunk) => cutter.push(chunk)), ...cutter.end()];
  return lines.map(({ line, cut }) => ({ text: Buffer.from(line).toString("latin1"), cut }));
}

test("lines are the same however they come in chunks", () => {
  const bytes = fc.array(fc.constantFrom(0x0a, 0x41, 0xff), { maxLength: 60 }).map((all) => Uint8Array.from(all));
  fc.assert(
    fc.property(bytes, fc.array(fc.nat(20), { maxLength: 10 }), (all, lengths) => {
      const chunks: Uint8Array[] = [];
      let at = 0;
      for (const length of lengths) {
        chunks.push(all.subarray(at, at + length));
        at += length;
      }

      const lines = cut(new LineCutter(100), [...chunks, all.subarray(at)]);

      const texts = Buffer.from(all).toString("latin1").split("\n");
      if (texts.at(-1) === "") texts.pop();
      expect(lines).toEqual(texts.map((text) => ({ text, cut: false })));
    }),
  );
});

test("of a line that is too long the beginning is kept, and told to be one", () => {
  const lines = cut(new LineCutter(4), [Buffer.from("abc"), Buffer.from("def\n\nxy")]);

  expect(lines).toEqual([
    { text: "abcd", cut: true },
    { text: "", cut: false },
    { text: "xy", cut: false },
  ]);
});
