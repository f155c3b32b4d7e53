import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { Webhook } from "standardwebhooks";
import { signWebhook, webhookKey } from "#core/triggers/sign-webhook.ts";

const secretOf = (key: Uint8Array): string => `whsec_${Buffer.from(key).toString("base64")}`;
const someKey = fc.uint8Array({ minLength: 24, maxLength: 64 });

test("the reference library verifies what is signed, with each of the secrets", () => {
  const keys = fc.array(someKey, { minLength: 1, maxLength: 3 });
  const now = Date.now();
  fc.assert(
    fc.property(keys, fc.string({ unit: "grapheme" }), fc.uuid(), (some, body, id) => {
      const secrets = some.map(secretOf);

      const headers = signWebhook({ id, atMs: now, body }, secrets);

      for (const secret of secrets) new Webhook(secret).verify(body, headers, { jsonParse: false });
    }),
  );
});

test("a changed body, another secret and an old timestamp are found out", () => {
  const secret = secretOf(new Uint8Array(32).fill(1));
  const headers = signWebhook({ id: "one", atMs: Date.now(), body: "{}" }, [secret]);
  const old = signWebhook({ id: "one", atMs: Date.now() - 3_600_000, body: "{}" }, [secret]);

  expect(() => new Webhook(secret).verify("{ }", headers)).toThrow("No matching signature");
  expect(() => new Webhook(secretOf(new Uint8Array(32))).verify("{}", headers)).toThrow("No matching signature");
  expect(() => new Webhook(secret).verify("{}", old)).toThrow("too old");
});

test.each([
  "",
  "whsec_",
  "whsec_short",
  `whsec_${"!".repeat(40)}`,
  secretOf(new Uint8Array(23)),
  secretOf(new Uint8Array(65)),
  Buffer.alloc(32).toString("base64"),
])("%j is no secret", (text) => {
  expect(webhookKey(text)).toBeUndefined();
});
