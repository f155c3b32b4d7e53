/** An answer that has arrived. */
export interface WholeAnswer {
  readonly statusCode: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Whether its connection takes another request. */
  readonly keepsAlive: boolean;
}

const END_OF_HEAD = "\r\n\r\n";
const MAX_HEAD_BYTES = 64 * 1024;
const NOTHING = Buffer.alloc(0);

interface Head {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly keepsAlive: boolean;
  /** How its body ends: after so many bytes, with its last chunk, with the connection. */
  readonly framing: number | "chunked" | "close";
}

/** An HTTP/1.1 answer while it arrives (RFC 9112, sections 4 and 6). */
export class PartialAnswer {
  readonly #method: string;
  #head: Head | undefined;
  #received: Buffer[] = [];
  #bytes = 0;

  constructor(method: string) {
    this.#method = method;
  }

  /** What came next; the answer, when that was its end. Throws where it is no HTTP, or goes on behind its end. */
  add(bytes: Buffer): WholeAnswer | undefined {
    this.#received.push(bytes);
    this.#bytes += bytes.length;
    while (this.#head === undefined) {
      const all = this.#all();
      const end = all.indexOf(END_OF_HEAD);
      if (end < 0) {
        if (all.length > MAX_HEAD_BYTES) throw new Error("the head of an answer does not end");
        return undefined;
      }
      const head = readHead(all.toString("latin1", 0, end), this.#method);
      this.#received = [all.subarray(end + END_OF_HEAD.length)];
      this.#bytes = all.length - end - END_OF_HEAD.length;
      // 1xx: what was meant comes after it.
      if (head.statusCode >= 200) this.#head = head;
    }
    const { framing } = this.#head;
    if (framing === "close") return undefined;
    if (framing === "chunked") {
      const body = unchunked(this.#all());
      return body && this.#whole(this.#head, body);
    }
    if (this.#bytes > framing) throw new Error("an answer is longer than it says");
    return this.#bytes === framing ? this.#whole(this.#head, this.#all()) : undefined;
  }

  /** The answer, if the end of the connection is its end. */
  atEnd(): WholeAnswer | undefined {
    return this.#head?.framing === "close" ? this.#whole(this.#head, this.#all()) : undefined;
  }

  #all(): Buffer {
    if (this.#received.length !== 1) this.#received = [Buffer.concat(this.#received)];
    return this.#received[0] ?? NOTHING;
  }

  #whole({ statusCode, headers, keepsAlive }: Head, body: Buffer): WholeAnswer {
    return { statusCode, headers, body, keepsAlive };
  }
}

const STATUS_LINE = /^HTTP\/1\.([01]) (\d{3})(?: |$)/;

function readHead(text: string, method: string): Head {
  const lines = text.split("\r\n");
  const [, minor, status] = STATUS_LINE.exec(lines[0] as string) ?? [];
  if (status === undefined) throw new Error("the answer is not HTTP/1.1");
  const statusCode = Number(status);
  const headers: Record<string, string> = Object.create(null);
  for (let at = 1; at < lines.length; at++) {
    const line = lines[at] as string;
    const colon = line.indexOf(":");
    if (colon < 1) throw new Error("the answer has a header without a name");
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    headers[name] = name in headers ? `${headers[name]}, ${value}` : value;
  }
  const framing = framingOf(statusCode, headers, method);
  const connection = headers.connection?.toLowerCase();
  const isKept = minor === "1" ? connection !== "close" : connection === "keep-alive";
  return { statusCode, headers, framing, keepsAlive: isKept && framing !== "close" };
}

function framingOf(statusCode: number, headers: Readonly<Record<string, string>>, method: string): Head["framing"] {
  if (method === "HEAD" || statusCode === 204 || statusCode === 304) return 0;
  const coding = headers["transfer-encoding"];
  if (coding !== undefined) return coding.toLowerCase() === "chunked" ? "chunked" : "close";
  const length = headers["content-length"];
  if (length === undefined) return "close";
  if (!/^\d{1,15}$/.test(length)) throw new Error("the answer's content-length is no number");
  return Number(length);
}

/** The body that the chunks are of; undefined while they are not all there. */
function unchunked(bytes: Buffer): Buffer | undefined {
  const chunks: Buffer[] = [];
  for (let at = 0; ; ) {
    const endOfSize = bytes.indexOf("\r\n", at);
    if (endOfSize < 0) return undefined;
    const [, size] = /^([\da-f]{1,8})(?:[ \t;]|$)/i.exec(bytes.toString("latin1", at, endOfSize)) ?? [];
    if (size === undefined) throw new Error("an answer's chunk has no size");
    const from = endOfSize + 2;
    const length = Number.parseInt(size, 16);
    if (length === 0) return bytes.indexOf("\r\n", from) < 0 ? undefined : Buffer.concat(chunks);
    at = from + length + 2;
    if (bytes.length < at) return undefined;
    chunks.push(bytes.subarray(from, at - 2));
  }
}
