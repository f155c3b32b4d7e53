import { setTimeout as sleep } from "node:timers/promises";
import type { ServedPulse } from "#dev/served-pulse.ts";
import { openSignedReceiver, type SignedReceiver } from "#test/feedback/signed-receiver.ts";
import { connect, type SseClient } from "#test/support/http/sse-client.ts";

/**
 * Everything that tells what becomes of a gateway: its view, a stream of its
 * health, and a webhook that its health triggers.
 */
export interface Watch {
  readonly webhook: SignedReceiver;
  readonly stream: SseClient;
  /** The view's number, or undefined while it has none. */
  health(): Promise<number | undefined>;
  /**
   * How long it took until the view, the stream and the webhook have all told this health, in
   * milliseconds. Fails when it takes longer.
   */
  untilAllTell(health: number, withinMs: number): Promise<number>;
  close(): Promise<void>;
}

const LOOK_MS = 100;

export async function watchGateway(pulse: ServedPulse, gateway: string): Promise<Watch> {
  const webhook = await openSignedReceiver();
  const tags = [`gateways:${gateway}`, "gateway", "health"];
  const trigger = { type: "health", tags, target: { webhook: { url: webhook.url, secret: webhook.secret } } };
  const put = await fetch(`${pulse.url}/api/v1/artifacts/triggers/page-somebody`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(trigger),
  });
  if (put.status !== 201) throw new Error(`the trigger is not taken: ${put.status} ${await put.text()}`);
  const query = tags.map((tag) => `tag=${encodeURIComponent(tag)}`).join("&");
  const stream = await connect(`${pulse.url}/api/v1/events/stream?${query}`);

  const health = async (): Promise<number | undefined> => {
    const answer = await fetch(`${pulse.url}/api/v1/health/gateways/${gateway}`);
    return answer.status === 200 ? ((await answer.json()) as number) : undefined;
  };
  const told = () => ({
    stream: stream.events().map(({ data }) => JSON.parse(data).value as number),
    webhook: webhook.deliveries.map(({ data }) => data.value as number),
  });
  return {
    webhook,
    stream,
    health,
    async untilAllTell(expected, withinMs) {
      const before = told();
      const startMs = performance.now();
      const tells = async (): Promise<boolean> =>
        (await health()) === expected &&
        told().stream.slice(before.stream.length).includes(expected) &&
        told().webhook.slice(before.webhook.length).includes(expected);
      while (!(await tells())) {
        if (performance.now() - startMs > withinMs)
          throw new Error(
            `not all told ${expected} within ${withinMs} ms: ${JSON.stringify({ view: await health(), ...told() })}`,
          );
        await sleep(LOOK_MS);
      }
      return performance.now() - startMs;
    },
    async close() {
      stream.close();
      await webhook.close();
    },
  };
}
