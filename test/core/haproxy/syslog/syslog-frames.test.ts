import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { MAX_FRAME_BYTES, SyslogFrameDecoder } from "#core/haproxy/syslog/syslog-frames.ts";

const bytes = (text: string): Uint8Array => Buffer.from(text, "latin1");

/** The frames of a stream that comes in these chunks, as text. */
function framesOf(chunks: readonly Uint8Array[], maxFrameBytes?: number): { line: string; cut: boolean }[] {
  const decoder = new SyslogFrameDecoder(maxFrameBytes);
  const frames = [...chunks.flatMap((chunk) => decoder.push(chunk)), ...decoder.end()];
  return frames.map(({ line, cut }) => ({ line: Buffer.from(line).toString("latin1"), cut }));
}

const whole = (line: string): { line: string; cut: boolean } => ({ line, cut: false });

describe("a syslog stream is split into frames", () => {
  test("takes octet-counted and LF-delimited frames in any mixture", () => {
    const stream = "8 <6>a\nb\nc<6>line one\n12 <6>counted x\n\n127.0.0.1:80 raw\n5 <6>zz";

    expect(framesOf([bytes(stream)])).toEqual([
      whole("<6>a\nb\nc"),
      whole("<6>line one"),
      whole("<6>counted x"),
      whole("127.0.0.1:80 raw"),
      whole("<6>zz"),
    ]);
  });

  test("any split into chunks gives the same frames", () => {
    const message = fc.string({ unit: "binary-ascii", minLength: 1, maxLength: 40 });
    const counted = message.map((text) => ({ text, sent: `${text.length} ${text}` }));
    const delimited = message
      .map((text) => `<6>${text.replaceAll("\n", "")}`)
      .map((text) => ({ text, sent: `${text}\n` }));
    const cuts = fc.array(fc.nat(2000), { maxLength: 30 });

    fc.assert(
      fc.property(fc.array(fc.oneof(counted, delimited), { maxLength: 20 }), cuts, (sent, places) => {
        const stream = bytes(sent.map((one) => one.sent).join(""));
        const edges = [0, ...places.map((place) => Math.min(place, stream.length)), stream.length].sort(
          (a, b) => a - b,
        );
        const chunks = edges.slice(1).map((edge, index) => stream.subarray(edges[index], edge));

        expect(framesOf(chunks)).toEqual(sent.map((one) => whole(one.text)));
      }),
    );
  });

  test("any bytes give the same frames whether they come at once or one by one", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (stream) => {
        const single = Array.from(stream, (byte) => Uint8Array.of(byte));

        expect(framesOf(single, 50)).toEqual(framesOf([stream], 50));
      }),
    );
  });

  test("keeps the beginning of what is too long, says so, and reads on after it", () => {
    const long = "x".repeat(100);

    expect(framesOf([bytes(`100 ${long}<6>${long}\n7 <6>next`)], 50)).toEqual([
      { line: "x".repeat(50), cut: true },
      { line: `<6>${"x".repeat(47)}`, cut: true },
      whole("<6>next"),
    ]);
  });

  test("a frame as long as is allowed is whole", () => {
    const long = "x".repeat(MAX_FRAME_BYTES);

    expect(framesOf([bytes(`${long}\n`)])).toEqual([whole(long)]);
  });

  test("says that an octet-counted frame was cut when the stream ends in it; a last line needs no LF", () => {
    expect(framesOf([bytes("20 <6>short")])).toEqual([{ line: "<6>short", cut: true }]);
    expect(framesOf([bytes("<6>last")])).toEqual([whole("<6>last")]);
    expect(framesOf([bytes("123")])).toEqual([whole("123")]);
  });

  test("does not hold on to the caller's buffer", () => {
    const decoder = new SyslogFrameDecoder();
    const chunk = bytes("<6>abc");

    decoder.push(chunk);
    chunk.fill(0);

    expect(Buffer.from(decoder.push(bytes("\n"))[0]?.line ?? []).toString()).toBe("<6>abc");
  });
});
