import { type ClientRequest, type IncomingMessage, request } from "node:http";

export interface Frame {
  readonly id: string | undefined;
  readonly event: string | undefined;
  readonly retry: string | undefined;
  readonly data: string;
}

/** A server-sent-events client that keeps every frame as it came, control frames too. */
export interface SseClient {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  /** All frames so far. */
  readonly frames: readonly Frame[];
  /** Frames that are events, not control frames. */
  events(): Frame[];
  /** Resolves when the test holds for the frames so far. */
  until(holds: (frames: readonly Frame[]) => boolean): Promise<void>;
  /** Resolves with the body when the other side has ended it. */
  readonly ended: Promise<string>;
  readonly socket: NonNullable<ClientRequest["socket"]>;
  close(): void;
}

export const isControl = (frame: Frame): boolean => frame.event?.includes(".") ?? false;

export function connect(
  url: string,
  options: { headers?: Readonly<Record<string, string>>; body?: string; agent?: false } = {},
): Promise<SseClient> {
  return new Promise((resolve, reject) => {
    const { body } = options;
    const outgoing = request(url, {
      headers: { ...options.headers, ...(body === undefined ? {} : { "content-length": Buffer.byteLength(body) }) },
      agent: false,
    });
    outgoing.on("error", reject);
    outgoing.on("response", (incoming) => resolve(follow(outgoing, incoming)));
    outgoing.end(body);
  });
}

function follow(outgoing: ClientRequest, incoming: IncomingMessage): SseClient {
  const frames: Frame[] = [];
  const waiting = new Set<() => void>();
  let text = "";
  let pending = "";
  incoming.setEncoding("utf8");
  incoming.on("data", (chunk: string) => {
    text += chunk;
    pending += chunk;
    for (let end = pending.indexOf("\n\n"); end >= 0; end = pending.indexOf("\n\n")) {
      frames.push(toFrame(pending.slice(0, end)));
      pending = pending.slice(end + 2);
    }
    for (const look of [...waiting]) look();
  });
  const ended = new Promise<string>((resolve) => {
    incoming.on("end", () => resolve(text));
    incoming.on("error", () => resolve(text));
    incoming.on("close", () => resolve(text));
  });
  return {
    status: incoming.statusCode ?? 0,
    headers: incoming.headers,
    frames,
    events: () => frames.filter((frame) => !isControl(frame)),
    until: (holds) =>
      new Promise((resolve) => {
        const look = () => {
          if (!holds(frames)) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
    ended,
    socket: incoming.socket,
    close: () => {
      outgoing.destroy();
    },
  };
}

function toFrame(text: string): Frame {
  const fields = new Map(
    text.split("\n").map((line): [string, string] => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, "")];
    }),
  );
  return {
    id: fields.get("id"),
    event: fields.get("event"),
    retry: fields.get("retry"),
    data: fields.get("data") ?? "",
  };
}
