import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { openFunctionUrl, readPrelude } from "#test/support/aws/function-url-front.ts";
import { openLambda } from "#test/support/aws/lambda-function.ts";

const PRELUDE = { statusCode: 200, headers: { "content-type": "text/event-stream", "x-odd": "ü\u0000" } };

describe("the head of a streamed answer", () => {
  const answer = (body: Uint8Array): Buffer =>
    Buffer.concat([Buffer.from(JSON.stringify(PRELUDE)), Buffer.alloc(8), body]);

  test("is told from its body wherever the bytes are cut", async () => {
    const bodies = fc.uint8Array({ maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(bodies, fc.array(fc.nat(200), { maxLength: 8 }), async (body, cuts) => {
        const bytes = answer(body);
        const ends = [...cuts.filter((cut) => cut < bytes.length).sort((one, other) => one - other), bytes.length];
        const chunks = ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
        const stream = Readable.from(chunks.filter((chunk) => chunk.length > 0));

        const { prelude, body: begun } = await readPrelude(stream);
        const rest = await buffer(stream);

        expect(prelude).toEqual(PRELUDE);
        expect(Buffer.concat([begun, rest])).toEqual(Buffer.from(body));
      }),
    );
  });

  test("that never ends is a failure", async () => {
    await expect(readPrelude(Readable.from([Buffer.from("{}"), Buffer.alloc(7)]))).rejects.toThrow(
      "the answer has ended before its body",
    );
  });
});

test("a function URL answers 502 for a function that cannot be loaded", async () => {
  const front = await openFunctionUrl(openLambda({ name: "stream-events", environment: {} }));

  const { status } = await fetch(`${front.url}/api/v1/events/stream`);

  await front.close();
  expect(status).toBe(502);
});
