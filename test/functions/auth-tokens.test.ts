import { globalAgent } from "node:https";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { type TokenVerifier, type TokenVerifierOptions, tokenVerifier } from "#functions/shared/auth/token-verifier.ts";
import { LOOPBACK_TLS } from "#test/support/http/loopback-tls.ts";
import {
  AUDIENCE,
  claimsOf,
  openTlsTokenIssuer,
  openTokenIssuer,
  type SigningKey,
  signingKey,
  signToken,
  signWithPublicKey,
  type TokenIssuer,
  unsignedToken,
} from "#test/support/http/token-issuer.ts";
import { ManualClock } from "#test/support/memory/manual-clock.ts";

const rsa = signingKey("RS256");
const ec = signingKey("ES256");
const stranger = signingKey("RS256", rsa.kid);
const nowSeconds = (): number => Math.floor(Date.now() / 1000);

const MINUTE_MS = 60_000;

let issuer: TokenIssuer;
let clock: ManualClock;
let verify: TokenVerifier;

const SETTINGS = {
  audience: AUDIENCE,
  scopes: { read: "events:read", write: "events:write", declare: "events:declare" },
};

const verifierOf = (options: Partial<TokenVerifierOptions> = {}): TokenVerifier =>
  tokenVerifier({ ...SETTINGS, issuer: issuer.issuer, clock, read: issuer.read, ...options });

beforeEach(async () => {
  issuer = await openTokenIssuer(rsa, ec);
  clock = new ManualClock();
  verify = verifierOf();
});
afterEach(() => issuer.close());

const refusalOf = (token: string): Promise<unknown> =>
  verify(token).then(
    () => "accepted",
    (error) => error,
  );
const tokenWith = (claims: Parameters<typeof claimsOf>[1], key: SigningKey = rsa): string =>
  signToken(key, claimsOf(issuer, claims));

describe("an access token", () => {
  test.each([rsa, ec])("that is signed with $alg by a key of the issuer tells who bears it", async (key) => {
    const exp = nowSeconds() + 60;

    expect(await verify(tokenWith({ exp }, key))).toEqual({
      id: "token:alice",
      rights: ["read", "write"],
      expiresAtMs: exp * 1000,
    });
  });

  const refused: readonly (readonly [string, () => string])[] = [
    ["is signed by somebody else under a key id of the issuer", () => signToken(stranger, claimsOf(issuer))],
    ["was changed after it was signed", () => withClaims(tokenWith({ scope: "" }), claimsOf(issuer))],
    ["is signed by a key that the issuer does not have", () => tokenWith({}, signingKey())],
    ["names no key", () => signToken(rsa, claimsOf(issuer), { kid: undefined })],
    ["says that it needs no signature", () => unsignedToken(rsa, claimsOf(issuer))],
    ["says so, and has one", () => unsignedToken(rsa, claimsOf(issuer), "AAAA")],
    ["has the public key for its secret", () => signWithPublicKey(rsa, claimsOf(issuer))],
    ["says another algorithm than its key is for", () => signToken(rsa, claimsOf(issuer), { alg: "ES256" })],
    ["says an algorithm that its key cannot do", () => signToken(ec, claimsOf(issuer), { alg: "EdDSA" })],
    ["has expired", () => tokenWith({ exp: nowSeconds() - 1 })],
    ["never expires", () => tokenWith({ exp: undefined })],
    ["expires when years have five digits", () => tokenWith({ exp: Date.UTC(10_000) / 1000 })],
    ["is not valid yet", () => tokenWith({ nbf: nowSeconds() + 30 })],
    ["is of another issuer", () => tokenWith({ iss: "https://login.example" })],
    ["is of no issuer", () => tokenWith({ iss: undefined })],
    ["was made for another audience", () => tokenWith({ aud: "billing" })],
    ["was made for other audiences", () => tokenWith({ aud: ["billing", "pulse2"] })],
    ["was made for nobody", () => tokenWith({ aud: undefined })],
    ["was made for another audience, by our client", () => tokenWith({ aud: "billing", client_id: AUDIENCE })],
    ["is an ID token", () => tokenWith({ token_use: "id" })],
    ["has extensions that must be understood", () => signToken(rsa, claimsOf(issuer), { crit: ["b64"], b64: false })],
    ["is empty", () => ""],
    ["is no token", () => "opaque"],
    ["has two parts", () => "e30.e30"],
    ["has parts that are not JSON", () => "AAAA.AAAA.AAAA"],
    ["has parts that are no objects", () => "W10.W10.AAAA"],
    ["has claims of the wrong types", () => tokenWith({ exp: "tomorrow", aud: 7 })],
  ];

  test.each(refused)("that %s is refused, without a word about why", async (_, token) => {
    expect(await refusalOf(token())).toMatchObject({
      kind: "unauthenticated",
      message: "the access token or API key is expired, revoked, malformed, or invalid otherwise",
      challenge: 'Bearer realm="pulse", error="invalid_token"',
    });
  });

  test("of which any signed character was changed is refused", async () => {
    const token = tokenWith({}, ec);
    const signed = token.lastIndexOf(".");

    await fc.assert(
      fc.asyncProperty(fc.nat({ max: signed - 1 }), fc.constantFrom(..."AZaz09-_.= "), async (at, character) => {
        fc.pre(token[at] !== character);

        expect(await refusalOf(token.slice(0, at) + character + token.slice(at + 1))).toMatchObject({
          kind: "unauthenticated",
        });
      }),
    );
  });

  test("is for whom one of its audiences is, or, without any, its client", async () => {
    await expect(verify(tokenWith({ aud: ["billing", AUDIENCE] }))).resolves.toBeDefined();
    await expect(verify(tokenWith({ aud: undefined, client_id: AUDIENCE }))).resolves.toBeDefined();
  });

  test.each([
    [{ scope: "events:read" }, ["read"]],
    [{ scope: "events:write profile" }, ["write"]],
    [{ scope: "events:declare events:write" }, ["write", "declare"]],
    [{ scope: "events:reader events" }, []],
    [{ scope: undefined }, []],
    [{ scope: undefined, scp: ["events:write", "events:read"] }, ["read", "write"]],
    [{ scope: undefined, scp: "events:read profile" }, ["read"]],
    [{ scope: undefined, scp: { read: true } }, []],
  ])("with %j has the rights %j", async (claims, rights) => {
    expect((await verify(tokenWith(claims))).rights).toEqual(rights);
  });

  test("has the rights that its deployment's scopes give", async () => {
    verify = verifierOf({ scopes: { read: "pulse/read", write: "pulse/write", declare: "pulse/declare" } });

    expect((await verify(tokenWith({ scope: "pulse/read events:write" }))).rights).toEqual(["read"]);
    expect((await verify(tokenWith({ scope: "pulse/declare events:read" }))).rights).toEqual(["declare"]);
  });

  test.each([
    [undefined, undefined],
    [
      ["team-a", "team-b"],
      ["team-a", "team-b"],
    ],
    ["team-a team-b", ["team-a", "team-b"]],
    [[], []],
    ["*", []],
    [["team-a", "../team-b"], []],
    [["team-a", 7, null], ["team-a"]],
    [{ all: true }, []],
    [null, []],
    [Array.from({ length: 9 }, (_, n) => `team-${n}`), []],
  ])("whose pulse_namespaces are %j is restricted to %j", async (claim, namespaces) => {
    expect((await verify(tokenWith({ pulse_namespaces: claim }))).namespaces).toEqual(namespaces);
  });
});

describe("the issuer's keys", () => {
  test("are read once for many tokens", async () => {
    await Promise.all([verify(tokenWith({})), verify(tokenWith({}, ec)), verify(tokenWith({ sub: "bob" }))]);
    await verify(tokenWith({}));

    expect(issuer.keyReads()).toBe(1);
  });

  test("are read anew for a key that was not there", async () => {
    const rotated = signingKey();
    await verify(tokenWith({}));

    issuer.show(rotated, rsa);

    await expect(verify(tokenWith({}, rotated))).resolves.toMatchObject({ id: "token:alice" });
    await expect(verify(tokenWith({}))).resolves.toMatchObject({ id: "token:alice" });
    expect(issuer.keyReads()).toBe(2);
  });

  test("are not read for each of many tokens with keys that nobody has", async () => {
    await verify(tokenWith({}));

    for (let attempt = 0; attempt < 20; attempt++)
      expect(await refusalOf(tokenWith({}, unknownKey(attempt)))).toMatchObject({ kind: "unauthenticated" });

    expect(issuer.keyReads()).toBe(2);
  });

  test("are trusted for ten minutes after the issuer withdrew them", async () => {
    await verify(tokenWith({}));
    issuer.show(ec);

    await clock.pass(10 * MINUTE_MS - 1);
    await expect(verify(tokenWith({}))).resolves.toBeDefined();

    await clock.pass(1);
    expect(await refusalOf(tokenWith({}))).toMatchObject({ kind: "unauthenticated" });
    await expect(verify(tokenWith({}, ec))).resolves.toBeDefined();
  });

  test("are another key's when its id is given to it", async () => {
    await verify(tokenWith({}));
    issuer.show(stranger);

    await clock.pass(10 * MINUTE_MS);

    await expect(verify(signToken(stranger, claimsOf(issuer)))).resolves.toBeDefined();
    expect(await refusalOf(tokenWith({}))).toMatchObject({ kind: "unauthenticated" });
  });

  test("stay good for an hour while the issuer cannot be reached, and are read again when it can", async () => {
    await verify(tokenWith({}));
    issuer.failKeys((response) => response.writeHead(500).end());

    await clock.pass(60 * MINUTE_MS - 1);
    await expect(verify(tokenWith({}))).resolves.toBeDefined();

    await clock.pass(1);
    expect(await refusalOf(tokenWith({}))).toMatchObject({ kind: "unavailable" });

    issuer.failKeys(undefined);
    await expect(verify(tokenWith({}))).resolves.toBeDefined();
  });

  test("are not asked for by every caller while the issuer cannot be reached", async () => {
    await verify(tokenWith({}));
    issuer.failKeys((response) => response.writeHead(500).end());
    await clock.pass(10 * MINUTE_MS);

    for (let caller = 0; caller < 5; caller++) await verify(tokenWith({}));
    expect(issuer.keyReads()).toBe(2);

    await clock.pass(30_000);
    await verify(tokenWith({}));
    expect(issuer.keyReads()).toBe(3);
  });

  test.each<[string, Parameters<TokenIssuer["failKeys"]>[0]]>([
    ["answers 500", (response) => response.writeHead(500).end()],
    ["hangs up", (response) => response.destroy()],
    ["answers what is not JSON", (response) => response.end("<html>")],
    ["answers what is no key set", (response) => response.end('{"keys":[{"kty":7}]}')],
  ])("cannot be had from an issuer that %s: nobody is let in, and that is no bug", async (_, fail) => {
    issuer.failKeys(fail);

    expect(await refusalOf(tokenWith({}))).toMatchObject({
      kind: "unavailable",
      message: "callers cannot be verified right now",
      retryAfterSeconds: 5,
      cause: expect.anything(),
    });
  });

  test("cannot be had from an issuer that is not there", async () => {
    await issuer.close();

    expect(await refusalOf(tokenWith({}))).toMatchObject({ kind: "unavailable" });
    issuer = await openTokenIssuer();
  });

  test("are not taken from a document of another issuer", async () => {
    verify = verifierOf({ issuer: `${issuer.issuer}/` });

    expect(await refusalOf(tokenWith({ iss: `${issuer.issuer}/` }))).toMatchObject({
      kind: "unavailable",
      cause: new Error(`the document found there is of the issuer ${issuer.issuer}`),
    });
  });

  test("are read over HTTPS", async () => {
    const secured = await openTlsTokenIssuer(rsa);
    const { ca } = globalAgent.options;
    globalAgent.options.ca = LOOPBACK_TLS.cert;
    verify = tokenVerifier({ ...SETTINGS, issuer: secured.issuer, clock });

    try {
      expect(await verify(signToken(rsa, claimsOf(secured)))).toMatchObject({ id: "token:alice" });
    } finally {
      globalAgent.options.ca = ca;
      await secured.close();
    }
  });

  test("are read over nothing else", async () => {
    verify = tokenVerifier({ ...SETTINGS, issuer: issuer.issuer, clock });

    expect(await refusalOf(tokenWith({}))).toMatchObject({ kind: "unavailable" });
    expect(issuer.keyReads()).toBe(0);
  });
});

/** Cheap: keys that only differ in their ids. */
const unknownKey = (attempt: number): SigningKey => ({ ...stranger, kid: `nobody-${attempt}` });

function withClaims(token: string, claims: Readonly<Record<string, unknown>>): string {
  const [header, , signature] = token.split(".");
  return [header, Buffer.from(JSON.stringify(claims)).toString("base64url"), signature].join(".");
}
