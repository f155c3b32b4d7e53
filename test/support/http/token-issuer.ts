import { createHmac, generateKeyPairSync, type KeyObject, randomUUID, sign } from "node:crypto";
import { createServer, type RequestListener, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Read } from "#functions/shared/auth/issuer-keys.ts";
import { LOOPBACK_TLS } from "#test/support/http/loopback-tls.ts";

type Json = Readonly<Record<string, unknown>>;

/** A pair of keys, of which the issuer shows the public one. */
export interface SigningKey {
  readonly kid: string;
  readonly alg: "RS256" | "ES256";
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** An OpenID Connect provider on loopback. */
export interface TokenIssuer {
  readonly issuer: string;
  /** Reads over HTTP, as only tests may. */
  readonly read: Read;
  /** How often its keys were read. */
  keyReads(): number;
  /** Shows these keys, and no others, from now on. */
  show(...keys: readonly SigningKey[]): void;
  /** Answers so instead of with its keys; undefined: as it should. */
  failKeys(fail: ((response: ServerResponse) => void) | undefined): void;
  close(): Promise<void>;
}

export const AUDIENCE = "pulse";

export function signingKey(alg: SigningKey["alg"] = "RS256", kid: string = randomUUID()): SigningKey {
  const pair =
    alg === "RS256"
      ? generateKeyPairSync("rsa", { modulusLength: 2048 })
      : generateKeyPairSync("ec", { namedCurve: "P-256" });
  return { kid, alg, ...pair };
}

export const openTokenIssuer = (...keys: readonly SigningKey[]): Promise<TokenIssuer> =>
  openIssuer("http", createServer, keys);

/** One that is read over HTTPS, by who trusts the certificate of loopback. */
export const openTlsTokenIssuer = (...keys: readonly SigningKey[]): Promise<TokenIssuer> =>
  openIssuer("https", (listener) => createTlsServer(LOOPBACK_TLS, listener), keys);

async function openIssuer(
  scheme: "http" | "https",
  serve: (listener: RequestListener) => Server,
  keys: readonly SigningKey[],
): Promise<TokenIssuer> {
  let shown = keys;
  let reads = 0;
  let fail: ((response: ServerResponse) => void) | undefined;
  const server = serve((request, response) => {
    if (request.url === "/.well-known/openid-configuration")
      return response.end(JSON.stringify({ issuer, jwks_uri: `${issuer}/keys` }));
    reads++;
    if (fail !== undefined) return fail(response);
    const jwks = shown.map(({ kid, publicKey }) => ({ ...publicKey.export({ format: "jwk" }), kid, use: "sig" }));
    response.end(JSON.stringify({ keys: jwks }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const issuer = `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    issuer,
    read: async (url) => {
      const response = await fetch(url);
      if (!response.ok) throw new Error(`${url} answers ${response.status}`);
      return response.arrayBuffer();
    },
    keyReads: () => reads,
    show: (...others) => {
      shown = others;
    },
    failKeys: (how) => {
      fail = how;
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** The claims of a token that is good for everything, for a minute. */
export const claimsOf = ({ issuer }: TokenIssuer, claims: Json = {}): Json => ({
  iss: issuer,
  sub: "alice",
  aud: AUDIENCE,
  exp: Math.floor(Date.now() / 1000) + 60,
  scope: "openid events:read events:write",
  ...claims,
});

const encoded = (part: Json): string => Buffer.from(JSON.stringify(part)).toString("base64url");

/** A token with any header and claims, signed by the key. */
export function signToken(key: SigningKey, claims: Json, header: Json = {}): string {
  const signed = `${encoded({ alg: key.alg, kid: key.kid, typ: "at+jwt", ...header })}.${encoded(claims)}`;
  const signature = sign("sha256", Buffer.from(signed), { key: key.privateKey, dsaEncoding: "ieee-p1363" });
  return `${signed}.${signature.toString("base64url")}`;
}

/** A token whose "secret" is the public key, which everybody knows (RFC 8725, section 2.1). */
export function signWithPublicKey({ kid, publicKey }: SigningKey, claims: Json): string {
  const signed = `${encoded({ alg: "HS256", kid })}.${encoded(claims)}`;
  const secret = publicKey.export({ format: "pem", type: "spki" });
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
}

/** A token that says it needs no signature (RFC 7519, section 6). */
export const unsignedToken = ({ kid }: SigningKey, claims: Json, signature = ""): string =>
  `${encoded({ alg: "none", kid })}.${encoded(claims)}.${signature}`;
