import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { Webhook } from "standardwebhooks";
import { systemClock } from "#core/clock.ts";
import { toEventJson } from "#core/events/event.ts";
import { type Delivery, toDelivery } from "#core/triggers/delivery.ts";
import type { Trigger } from "#core/triggers/trigger.ts";
import { webhookTarget } from "#functions/deliver-webhooks/webhook-target.ts";
import { type EgressSettings, egressGuard } from "#functions/shared/triggers/egress-guard.ts";
import { LOOPBACK_TLS } from "#test/support/http/loopback-tls.ts";
import { openWebhookReceiver, type WebhookReceiver } from "#test/support/http/webhook-receiver.ts";
import { ManualClock } from "#test/support/memory/manual-clock.ts";
import { aTrigger, WEBHOOK_SECRET } from "#test/support/samples/a-trigger.ts";
import { anEvent } from "#test/support/samples/an-event.ts";
import { until } from "#test/support/until.ts";

const OTHER_SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const local = egressGuard({ allowsLoopback: true });

let receiver: WebhookReceiver;
beforeEach(async () => {
  receiver = await openWebhookReceiver();
});
afterEach(() => receiver.close());

const toReceiver = (url = receiver.url, secrets = [WEBHOOK_SECRET]): Trigger =>
  aTrigger({ target: { webhook: { url, secrets } } });

function attempt(trigger: Trigger, { guard = local, clock = systemClock, event = anEvent() } = {}) {
  const delivery: Delivery = toDelivery(trigger, event, clock.now());
  return webhookTarget({ guard, clock, ca: LOOPBACK_TLS.cert }).attempt(delivery, trigger);
}

test("posts the event, signed so that the reference library verifies it with each secret", async () => {
  const event = anEvent({ value: '{"big":12345678901234567890,"é":1e400}', hops: 2 });
  const trigger = toReceiver(`${receiver.url}/hook?a=b`, [WEBHOOK_SECRET, OTHER_SECRET]);

  expect(await attempt(trigger, { event })).toEqual({ taken: true, status: 204 });

  const [call] = receiver.calls;
  expect(call).toMatchObject({ method: "POST", path: "/hook?a=b" });
  expect(call?.body).toBe(`{"type":"event","timestamp":"${event.timestamp}","data":${toEventJson(event)}}`);
  expect(call?.headers).toMatchObject({ "content-type": "application/json", "pulse-hops": "2" });
  expect(call?.headers["webhook-id"]).toContain(event.id);
  for (const secret of [WEBHOOK_SECRET, OTHER_SECRET])
    new Webhook(secret).verify(call?.body ?? "", call?.headers ?? {});
});

test("speaks TLS, to the name that the certificate is for", async () => {
  const secure = await openWebhookReceiver({ tls: true });

  const answer = await attempt(toReceiver(secure.url));
  await secure.close();

  expect(answer).toEqual({ taken: true, status: 204 });
});

test("a certificate that nobody vouches for is no receiver", async () => {
  const secure = await openWebhookReceiver({ tls: true });
  const trigger = toReceiver(secure.url);

  const answer = await webhookTarget({ guard: local }).attempt(toDelivery(trigger, anEvent(), 0), trigger);
  await secure.close();

  expect(answer).toEqual({ notTaken: expect.stringMatching(/cannot be reached \(.*SELF_SIGNED_CERT/) });
  expect(secure.calls).toEqual([]);
});

test.each([301, 302, 307, 308])("does not follow a redirect of %i", async (status) => {
  const elsewhere = await openWebhookReceiver();
  receiver.answer = (response) => response.writeHead(status, { location: elsewhere.url }).end();

  const answer = await attempt(toReceiver());
  await elsewhere.close();

  expect(answer).toMatchObject({ status, notTaken: `the receiver answered ${status}, and redirects are not followed` });
  expect(elsewhere.calls).toEqual([]);
});

test("says that the receiver is gone at 410, and how long one asks to be left alone", async () => {
  receiver.answer = (response) => response.writeHead(410).end();
  expect(await attempt(toReceiver())).toMatchObject({ status: 410, isGone: true });

  receiver.answer = (response) => response.writeHead(503, { "retry-after": "120" }).end();
  expect(await attempt(toReceiver())).toEqual({
    notTaken: "the receiver answered 503",
    status: 503,
    retryAfterMs: 120_000,
  });
});

describe("a receiver that", () => {
  test("never answers is left after 15 seconds", async () => {
    const clock = new ManualClock();
    let isOpen = true;
    receiver.answer = (_, __, request) => request.socket.on("close", () => (isOpen = false));

    const answer = attempt(toReceiver(), { clock });
    await until(() => receiver.calls.length === 1);
    await clock.pass(14_999);
    expect(isOpen).toBe(true);
    await clock.pass(1);

    expect(await answer).toEqual({ notTaken: "no answer within 15 s" });
    await until(() => !isOpen);
  });

  test("answers and never ends has answered", async () => {
    const clock = new ManualClock();
    receiver.answer = (response) => void response.writeHead(200).write("…");

    const answer = attempt(toReceiver(), { clock });
    await until(() => receiver.calls.length === 1);
    for (let tries = 0; tries < 50; tries++) await clock.pass(1000);

    expect(await answer).toEqual({ taken: true, status: 200 });
  });

  test("answers a gigabyte is hung up on", async () => {
    const chunk = Buffer.alloc(1024 * 1024);
    let written = 0;
    receiver.answer = (response) => {
      response.writeHead(200);
      const write = () => {
        while (written < 1024 && !response.destroyed) {
          written++;
          if (!response.write(chunk)) return void response.once("drain", write);
        }
        response.end();
      };
      write();
    };

    expect(await attempt(toReceiver())).toEqual({ taken: true, status: 200 });
    expect(written).toBeLessThan(100);
  });

  test("sends endless headers, or no HTTP, cannot be reached", async () => {
    receiver.answer = (response) => void response.socket?.write(`HTTP/1.1 200 OK\r\n${"x: y\r\n".repeat(100_000)}`);
    expect(await attempt(toReceiver())).toEqual({ notTaken: expect.stringContaining("HPE_HEADER_OVERFLOW") });

    receiver.answer = (response) => void response.socket?.end("SSH-2.0-OpenSSH\r\n");
    expect(await attempt(toReceiver())).toEqual({ notTaken: expect.stringContaining("HPE_") });
  });

  test("hangs up, or is not there, cannot be reached", async () => {
    receiver.answer = (response) => void response.socket?.destroy();
    expect(await attempt(toReceiver())).toEqual({ notTaken: "the receiver cannot be reached (ECONNRESET)" });

    const { url } = receiver;
    await receiver.close();
    expect(await attempt(toReceiver(url))).toEqual({ notTaken: "the receiver cannot be reached (ECONNREFUSED)" });
  });
});

describe("a name", () => {
  /** Each look at the name finds the next of these. */
  const resolvingTo = (settings: EgressSettings, ...addresses: string[]) => {
    const looks: string[] = [];
    const guard = egressGuard({
      ...settings,
      lookup: (hostname, _, done) => {
        const address = addresses[looks.length] ?? (addresses.at(-1) as string);
        looks.push(hostname);
        done(null, [{ address, family: address.includes(":") ? 6 : 4 }]);
      },
    });
    return { guard, looks };
  };

  test.each(["169.254.169.254", "127.0.0.1", "10.0.0.1", "::ffff:127.0.0.1", "fd00:ec2::254"])(
    "that means %s is refused before anything is connected",
    async (address) => {
      const { guard } = resolvingTo({}, address);

      expect(await attempt(toReceiver(`https://metadata.example:${receiver.port}/`), { guard })).toEqual({
        notTaken: "metadata.example has no address of the internet, and the deployment allows no other",
      });
      expect(receiver.calls).toEqual([]);
    },
  );

  test("that means something else a moment later is connected to where it was looked at", async () => {
    const { guard, looks } = resolvingTo({ allowed: ["127.0.0.1/32"] }, "127.0.0.1", "127.0.0.2");
    const secure = await openWebhookReceiver({ tls: true });
    const trigger = toReceiver(`https://rebound.example:${secure.port}/`);
    // The certificate is not for this name: that it was presented at all shows where the connection went.
    const answer = await attempt(trigger, { guard });
    await secure.close();

    expect(answer).toEqual({ notTaken: "the receiver cannot be reached (ERR_TLS_CERT_ALTNAME_INVALID)" });
    expect(looks).toEqual(["rebound.example"]);
  });

  test("is looked at anew for each attempt", async () => {
    const { guard, looks } = resolvingTo({ allowed: ["127.0.0.1/32"] }, "127.0.0.1", "10.0.0.1");
    const trigger = toReceiver(`https://rebound.example:${receiver.port}/`);

    await attempt(trigger, { guard });

    expect(await attempt(trigger, { guard })).toMatchObject({ notTaken: expect.stringContaining("no address") });
    expect(looks).toHaveLength(2);
  });
});

test("an address in the URL itself is refused, though no name is looked up", async () => {
  expect(await attempt(toReceiver("https://169.254.169.254/"), { guard: egressGuard() })).toEqual({
    notTaken: expect.stringContaining("not of the internet"),
  });
});
