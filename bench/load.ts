import { type HttpAnswer, HttpConnection } from "./http-connection.ts";

/** Sends requests over so many connections, each with one under way; answers how long each took, in ms. */
export async function sendAll(
  url: string,
  requests: readonly Buffer[],
  connections: number,
  hasTaken: (answer: HttpAnswer) => boolean,
): Promise<number[]> {
  const open = await Promise.all(Array.from({ length: connections }, () => HttpConnection.open(url)));
  const tookMs: number[] = [];
  const waiting = requests.values();
  const work = async (connection: HttpConnection): Promise<void> => {
    for (const request of waiting) {
      const startMs = performance.now();
      const answer = await connection.send(request);
      tookMs.push(performance.now() - startMs);
      if (!hasTaken(answer)) throw new Error(`not taken: ${answer.status} ${answer.body.toString().slice(0, 500)}`);
    }
  };
  try {
    await Promise.all(open.map(work));
  } finally {
    for (const connection of open) connection.close();
  }
  return tookMs;
}
