import { describe, expect, test } from "@jest/globals";
import { idOfApiKey, isKeyOf, issueApiKey, principalOfKey } from "#core/access/api-keys.ts";

const issue = () => issueApiKey({ name: "gateway", rights: ["write"], namespaces: ["team-a"] }, 1_700_000_000_000);

describe("an API key", () => {
  test("is the key of its record, and of no other", () => {
    const [one, other] = [issue(), issue()];

    expect(isKeyOf(one.text, one.record)).toBe(true);
    expect(isKeyOf(one.text, other.record)).toBe(false);
    expect(isKeyOf(`${one.text} `, one.record)).toBe(false);
  });

  test("holds the id of its record", () => {
    const { text, record } = issue();

    expect(idOfApiKey(text)).toBe(record.id);
  });

  test("is not in its record", () => {
    const { text, record } = issue();

    expect(JSON.stringify(record)).not.toContain(text.slice(23));
  });

  test("has 256 bits that nobody can guess", () => {
    const secrets = Array.from({ length: 100 }, () => Buffer.from(issue().text.slice(23), "base64url"));

    expect(new Set(secrets.map((secret) => secret.length))).toEqual(new Set([32]));
    expect(new Set(secrets.map((secret) => secret.toString("hex"))).size).toBe(100);
  });

  test.each(["", "pulse_", "pulse_0011223344556677", `pulse_0011223344556677_${"a".repeat(42)}`, "abc"])(
    "is not %j",
    (text) => {
      expect(idOfApiKey(text)).toBeUndefined();
    },
  );

  test("gives what its record says, until it is revoked", () => {
    const { record } = issue();

    expect(principalOfKey(record)).toEqual({ id: `key:${record.id}`, rights: ["write"], namespaces: ["team-a"] });
  });
});
