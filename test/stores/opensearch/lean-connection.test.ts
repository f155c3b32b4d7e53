import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "@jest/globals";
import { openClient, request } from "#stores/opensearch/client.ts";
import { until } from "#test/support/until.ts";

const ANSWER = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 11\r\n\r\n{"ok":true}';
const SEARCH = { method: "POST", path: "/_search", body: { size: 1 } } as const;

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** A client, and a server that does with each request what it is told to. */
async function aClient(answer: (socket: Socket, text: string, number: number) => void, requestTimeoutMs = 10_000) {
  const sockets: Socket[] = [];
  const requests: string[] = [];
  const server: Server = createServer((socket) => {
    sockets.push(socket);
    let received = "";
    socket.on("error", () => {});
    socket.on("data", (bytes) => {
      received += bytes.toString("latin1");
      const [, head = "", length = "0"] = /^(.*?content-length: (\d+).*?)\r\n\r\n/s.exec(received) ?? [];
      const end = head.length + 4 + Number(length);
      if (head === "" || received.length < end) return;
      requests.push(Buffer.from(received.slice(0, end), "latin1").toString());
      received = received.slice(end);
      answer(socket, requests.at(-1) as string, requests.length);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = await openClient({ url, auth: "none", requestTimeoutMs });
  const close = async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((closed) => server.close(closed));
  };
  closing.push(() => client.close(), close);
  const search = () => request<{ ok: boolean }>(client, SEARCH).then(({ body }) => body);
  return { client, url, sockets, requests, search };
}

const failureOf = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error);
const cannotBeReached = (name: string) => ({
  name: "PulseError",
  kind: "unavailable",
  message: `OpenSearch cannot be reached (${name})`,
});

describe("a connection to OpenSearch over plain HTTP", () => {
  test("is kept for the next request, and more are opened only for what is asked meanwhile", async () => {
    const { sockets, requests, search, url } = await aClient((socket) => socket.write(ANSWER));

    for (let asked = 0; asked < 5; asked++) expect(await search()).toEqual({ ok: true });
    const one = sockets.length;
    await Promise.all([search(), search(), search()]);

    expect(one).toBe(1);
    expect(sockets).toHaveLength(3);
    expect(requests[0]).toMatch(/^POST \/_search HTTP\/1\.1\r\n/);
    expect(requests[0]).toContain(`\r\nhost: ${new URL(url).host}\r\n`);
    expect(requests[0]).toContain("\r\ncontent-type: application/json\r\n");
    expect(requests[0]?.endsWith('\r\n\r\n{"size":1}')).toBe(true);
  });

  test("sends bytes as they are, behind their length", async () => {
    const { client, requests } = await aClient((socket) => socket.write(ANSWER));

    await request(client, { method: "POST", path: "/_bulk", ndjson: Buffer.from('{"tags":["é"]}\n') });

    expect(requests[0]).toContain("\r\ncontent-length: 16\r\n");
    expect(requests[0]?.endsWith('\r\n\r\n{"tags":["é"]}\n')).toBe(true);
  });

  test("is one of at most 64: what is asked beyond waits for its turn", async () => {
    const waiting: Socket[] = [];
    const { sockets, search } = await aClient((socket) => waiting.push(socket));

    const asked = Array.from({ length: 70 }, search);
    await until(
      () => waiting.length === 64,
      () => waiting.length,
    );
    for (const socket of waiting.splice(0)) socket.write(ANSWER);
    await until(
      () => waiting.length === 6,
      () => waiting.length,
    );
    for (const socket of waiting) socket.write(ANSWER);

    expect(await Promise.all(asked)).toHaveLength(70);
    expect(sockets).toHaveLength(64);
  });

  test("does not send what was aborted while it waited, nor ends another request for one that was answered", async () => {
    const waiting: Socket[] = [];
    const { client, sockets, requests, search } = await aClient((socket) => waiting.push(socket));
    const asked = Array.from({ length: 64 }, search);
    await until(() => waiting.length === 64);

    const aborted = client.transport.request({ method: "GET", path: "/_aborted" });
    const failure = failureOf(aborted);
    aborted.abort();
    for (const socket of waiting.splice(0)) socket.write(ANSWER);
    await Promise.all(asked);
    const answered = client.transport.request({ method: "POST", path: "/_answered", body: {} });
    await until(() => waiting.length === 1);
    waiting.pop()?.write(ANSWER);
    await answered;
    const next = search();
    await until(() => waiting.length === 1);
    answered.abort();
    waiting.pop()?.write(ANSWER);

    expect(await failure).toMatchObject({ name: "RequestAbortedError" });
    expect(await next).toEqual({ ok: true });
    expect(sockets).toHaveLength(64);
    expect(requests.filter((text) => text.includes("_aborted"))).toEqual([]);
  });

  test.each<[string, (socket: Socket) => void]>([
    [
      "its server ends it with an answer that says so",
      (socket) => socket.end(ANSWER.replace("\r\n\r\n", "\r\nconnection: close\r\n\r\n")),
    ],
    ["its server ends it afterwards", (socket) => socket.end(ANSWER)],
  ])("is followed by another where %s", async (_, answer) => {
    const { sockets, search } = await aClient(answer);

    await search();
    await until(() => sockets[0]?.closed === true);
    expect(await search()).toEqual({ ok: true });

    expect(sockets).toHaveLength(2);
  });

  test.each<[string, string, (socket: Socket) => void]>([
    ["ConnectionError", "it is lost before an answer", (socket) => socket.destroy()],
    ["ConnectionError", "it ends in the middle of one", (socket) => socket.end(ANSWER.slice(0, -4))],
    ["ConnectionError", "what comes is no HTTP", (socket) => socket.write("SSH-2.0-OpenSSH\r\n\r\n")],
    ["TimeoutError", "nothing comes", () => {}],
    ["TimeoutError", "an answer stops in the middle", (socket) => socket.write(ANSWER.slice(0, -4))],
  ])("fails with a %s where %s, and the next request has another", async (name, _, answer) => {
    const { sockets, search } = await aClient(
      (socket, _text, number) => (number === 1 ? answer(socket) : socket.write(ANSWER)),
      200,
    );

    expect(await failureOf(search())).toMatchObject(cannotBeReached(name));
    expect(await search()).toEqual({ ok: true });

    expect(sockets).toHaveLength(2);
  });

  test("never gives an answer that nobody asked for to the next request", async () => {
    const { sockets, search } = await aClient((socket, _, number) => {
      socket.write(ANSWER);
      if (number === 1) setImmediate(() => socket.write(ANSWER.replace("true", "null")));
    });

    await failureOf(search()); // where both came at once
    await until(() => sockets[0]?.closed === true);

    expect(await search()).toEqual({ ok: true });
  });

  test("is gone when the client is closed", async () => {
    const { client, sockets, search } = await aClient((socket) => socket.write(ANSWER));
    await search();

    closing.shift(); // to close it twice would never end
    await client.close();

    await until(() => sockets.every(({ closed }) => closed));
  });

  test.each([
    ["a path that would be more than a path", { path: "/a HTTP/1.1\r\nx: y" }],
    ["a path of two words", { path: "/a b" }],
    ["a header that would be more than one", { path: "/a", headers: { "x-a": "b\r\nx-c: d" } }],
  ])("refuses %s", async (_, wanted) => {
    const { client, requests } = await aClient((socket) => socket.write(ANSWER));

    await expect(request(client, { method: "GET", ...wanted })).rejects.toThrow(TypeError);

    expect(requests).toEqual([]);
  });
});
