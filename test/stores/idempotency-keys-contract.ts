import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type IdempotencyKeys, KEY_LIFETIME_MS, type KeyClaim } from "#core/events/idempotency-keys.ts";
import { uuidV7 } from "#core/uuid.ts";
import { RECEIVED_AT_MS } from "#test/support/samples/an-event.ts";

export interface OpenKeys {
  readonly keys: IdempotencyKeys;
  close(): Promise<void> | void;
}

let claimed = 0;

/** A claim of a key that no other test uses. */
const aClaim = (given: Partial<KeyClaim> = {}): KeyClaim => ({
  namespace: "default",
  key: `key:0:${claimed++}`,
  digest: "digest",
  id: uuidV7(RECEIVED_AT_MS),
  receivedAtMs: RECEIVED_AT_MS,
  ...given,
});

/** The same key, claimed by a later try. */
const laterTry = (claim: KeyClaim, laterMs: number, given: Partial<KeyClaim> = {}): KeyClaim =>
  aClaim({ ...claim, id: uuidV7(RECEIVED_AT_MS), receivedAtMs: claim.receivedAtMs + laterMs, ...given });

/** What every memory of idempotency keys promises. */
export function remembersIdempotencyKeys(name: string, open: () => Promise<OpenKeys>): void {
  describe(`${name} remembers idempotency keys`, () => {
    let opened: OpenKeys;
    const claim = (...claims: KeyClaim[]) => opened.keys.claim(claims);

    beforeAll(async () => {
      opened = await open();
    });
    afterAll(() => opened?.close());

    test("gives a new key to who claims it", async () => {
      const first = aClaim();

      expect(await claim(first)).toEqual([first]);
    });

    test("gives every later try the claim of the first", async () => {
      const first = aClaim();
      await claim(first);

      expect(await claim(laterTry(first, 1_000))).toEqual([first]);
      expect(await claim(laterTry(first, KEY_LIFETIME_MS - 1))).toEqual([first]);
    });

    test("gives back the first digest, so that another body is found out", async () => {
      const first = aClaim({ digest: "of one body" });
      await claim(first);

      const [held] = await claim(laterTry(first, 1_000, { digest: "of another" }));

      expect(held?.digest).toBe("of one body");
    });

    test("forgets a key after 24 hours, and remembers who claims it then", async () => {
      const first = aClaim();
      await claim(first);
      const dayLater = laterTry(first, KEY_LIFETIME_MS);

      expect(await claim(dayLater)).toEqual([dayLater]);
      expect(await claim(laterTry(dayLater, 1_000))).toEqual([dayLater]);
    });

    test("keeps the keys of namespaces apart", async () => {
      const first = aClaim();
      const other = { ...first, namespace: "team-a", id: uuidV7(RECEIVED_AT_MS) };

      expect(await claim(first, other)).toEqual([first, other]);
      expect(await claim(laterTry(first, 1), laterTry(other, 1))).toEqual([first, other]);
    });

    test("answers in order, of a key twice in one call the first", async () => {
      const first = aClaim();
      const second = aClaim();
      const again = laterTry(first, 0);

      expect(await claim(first, second, again)).toEqual([first, second, first]);
    });

    test("answers many claims at once, known and new ones", async () => {
      const known = Array.from({ length: 150 }, () => aClaim());
      const fresh = Array.from({ length: 150 }, () => aClaim());
      await claim(...known);
      const tries = known.flatMap((one, index) => [laterTry(one, 1), fresh[index] as KeyClaim]);

      expect(await claim(...tries)).toEqual(known.flatMap((one, index) => [one, fresh[index]]));
    });

    test("lets one of 50 simultaneous tries be the first, for all of them", async () => {
      const first = aClaim();
      const tries = Array.from({ length: 50 }, () => laterTry(first, 0));

      const answers = (await Promise.all(tries.map((one) => claim(one)))).flat();

      expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
      expect(tries).toContainEqual(answers[0]);
    });

    test.each([
      ["long", "x".repeat(10_000)],
      ["of other scripts", "ключ 🔑 \u0000 '\"\\"],
      ["with a slash", "a/b"],
    ])("takes a key that is %s", async (_, text) => {
      const first = aClaim({ key: `key:0:${text}` });

      expect(await claim(first)).toEqual([first]);
      expect(await claim(laterTry(first, 1))).toEqual([first]);
    });

    test("answers no claims with none", async () => {
      expect(await claim()).toEqual([]);
    });
  });
}
