import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { PartialAnswer, type WholeAnswer } from "#stores/opensearch/partial-answer.ts";

const body = fc.string({ unit: "binary", maxLength: 300 }).map((text) => Buffer.from(text));
const MORE = "Content-Type: application/json\r\nX-Twice: a\r\nx-twice:b\r\n";

const withLength = (content: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\n${MORE}content-length: ${content.length}\r\n\r\n`), content]);

const inChunks = (content: Buffer, size: number): Buffer => {
  const parts: Buffer[] = [Buffer.from(`HTTP/1.1 200 OK\r\n${MORE}Transfer-Encoding: chunked\r\n\r\n`)];
  for (let at = 0; at < content.length; at += size) {
    const chunk = content.subarray(at, at + size);
    parts.push(Buffer.from(`${chunk.length.toString(16)};x=y\r\n`), chunk, Buffer.from("\r\n"));
  }
  return Buffer.concat([...parts, Buffer.from("0\r\n\r\n")]);
};

const untilTheEnd = (content: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\n${MORE}\r\n`), content]);

/** What comes of bytes that arrive in pieces, and of how many of them. */
function arrive(bytes: Buffer, cuts: readonly number[], method = "POST"): WholeAnswer | undefined {
  const partial = new PartialAnswer(method);
  const at = [...new Set([0, ...cuts.map((cut) => cut % bytes.length), bytes.length])].sort(
    (one, other) => one - other,
  );
  let answer: WholeAnswer | undefined;
  for (const [index, from] of at.slice(0, -1).entries()) {
    expect(answer).toBeUndefined();
    answer = partial.add(bytes.subarray(from, at[index + 1]));
  }
  return answer ?? partial.atEnd();
}

describe("an answer that arrives in pieces", () => {
  test("is whole when its last byte is there, however it is framed and cut", () => {
    const cuts = fc.array(fc.nat(), { maxLength: 8 });
    fc.assert(
      fc.property(body, cuts, fc.integer({ min: 1, max: 50 }), (content, cuts, size) => {
        for (const bytes of [withLength(content), inChunks(content, size), untilTheEnd(content)]) {
          const answer = arrive(bytes, cuts);

          expect(answer?.body.equals(content)).toBe(true);
          expect(answer).toMatchObject({ statusCode: 200, keepsAlive: !bytes.equals(untilTheEnd(content)) });
          expect({ ...answer?.headers }).toMatchObject({ "content-type": "application/json", "x-twice": "a, b" });
        }
      }),
    );
  });

  test.each<[string, string, string, number]>([
    ["to HEAD has no body", "HEAD", "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n", 200],
    ["without content has none", "DELETE", "HTTP/1.1 204 No Content\r\n\r\n", 204],
    [
      "comes after those that announce it",
      "PUT",
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201\r\ncontent-length: 0\r\n\r\n",
      201,
    ],
  ])("%s", (_, method, text, statusCode) => {
    expect(arrive(Buffer.from(text), [], method)).toMatchObject({ statusCode, body: Buffer.alloc(0) });
  });

  test.each([
    ["its server says so", "HTTP/1.1 200 OK\r\nConnection: close\r\ncontent-length: 0\r\n\r\n", false],
    ["it is of HTTP/1.0", "HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n", false],
    [
      "it is of HTTP/1.0, unless it says so",
      "HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 0\r\n\r\n",
      true,
    ],
  ])("ends its connection where %s", (_, text, keepsAlive) => {
    expect(arrive(Buffer.from(text), [])).toMatchObject({ keepsAlive });
  });

  test.each([
    ["is no HTTP", "SSH-2.0-OpenSSH\r\n\r\n"],
    ["has a header without a name", "HTTP/1.1 200 OK\r\n: x\r\n\r\n"],
    ["has a length that is none", "HTTP/1.1 200 OK\r\ncontent-length: 1e3\r\n\r\n"],
    ["goes on behind its end", "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nab"],
    ["has chunks without a size", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nx\r\n"],
    ["has a head without an end", `HTTP/1.1 200 OK\r\nx: ${"x".repeat(70_000)}`],
  ])("is refused where it %s", (_, text) => {
    expect(() => arrive(Buffer.from(text), [])).toThrow();
  });

  test("is not whole before its end", () => {
    expect(arrive(Buffer.from("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nabcd"), [])).toBeUndefined();
    expect(
      arrive(Buffer.from("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n"), []),
    ).toBeUndefined();
  });

  test("throws nothing but errors at whatever else arrives", () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.array(fc.nat()), (bytes, cuts) => {
        try {
          if (bytes.length > 0) arrive(Buffer.concat([Buffer.from("HTTP/1.1 200 OK\r\n"), bytes]), cuts);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      }),
    );
  });
});
