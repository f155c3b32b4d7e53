import { JwtVerifier } from "aws-jwt-verify";
import { type Jwk, SimpleJwksCache } from "aws-jwt-verify/jwk";
import type { JwtHeader, JwtPayload } from "aws-jwt-verify/jwt-model";
import { canRestrictTo, type Principal, RIGHTS, type Right } from "#core/access/principal.ts";
import type { Clock } from "#core/clock.ts";
import { PulseError } from "#core/errors.ts";
import { refusedCredentials } from "#functions/shared/auth/challenge.ts";
import { type Read, readHttps, readIssuerKeys } from "#functions/shared/auth/issuer-keys.ts";

export interface TokenVerifierOptions {
  /** An OpenID Connect provider, by the `iss` of its tokens. */
  readonly issuer: string;
  /** For whom a token must have been made: its `aud`, or, where it has none, its `client_id`. */
  readonly audience: string;
  /** The scope that gives each right. */
  readonly scopes: Readonly<Record<Right, string>>;
  readonly clock: Clock;
  /** @default - HTTPS */
  readonly read?: Read;
}

/**
 * Tells who bears an access token. Throws `unauthenticated`, or `unavailable` when the issuer's keys cannot be read.
 */
export type TokenVerifier = (token: string) => Promise<Principal>;

/**
 * For how long a key may still be trusted that the issuer has withdrawn: longer
 * only while the issuer cannot be reached.
 */
const FRESH_MS = 10 * 60_000;
const TRUSTED_MS = 60 * 60_000;
/** The pause between tries to read the keys, so that not every caller waits for an issuer that does not answer. */
const RETRY_MS = 30_000;

/**
 * Verifies access tokens (RFC 9068, and those of Cognito): signature by an asymmetric key of the issuer, issuer,
 * audience, times. A key not seen yet is looked for at once, at most every 10 s. The keys are read anew after 10
 * minutes; while they cannot be, the old ones are good for an hour.
 */
export function tokenVerifier(options: TokenVerifierOptions): TokenVerifier {
  const freshVerifier = renewedVerifier(options);
  return async (token) => {
    const verifier = await freshVerifier();
    let payload: JwtPayload;
    try {
      payload = await verifier.verify(token);
    } catch (error) {
      // Whatever else is thrown over a token, by the library or by node:crypto, is the token's fault.
      throw error instanceof PulseError ? error : refusedCredentials(error);
    }
    return toPrincipal(payload, options.scopes);
  };
}

interface Verifier {
  verify(token: string): Promise<JwtPayload>;
}

function renewedVerifier(options: TokenVerifierOptions): () => Promise<Verifier> {
  const { clock } = options;
  let current: { readonly verifier: Verifier; readonly readAtMs: number } | undefined;
  let opening: Promise<Verifier> | undefined;
  let renewAtMs = Number.NEGATIVE_INFINITY;
  const open = async (): Promise<Verifier> => {
    const readAtMs = clock.now();
    renewAtMs = readAtMs + RETRY_MS;
    const verifier = await openVerifier(options);
    current = { verifier, readAtMs };
    renewAtMs = readAtMs + FRESH_MS;
    return verifier;
  };
  const renew = (): Promise<Verifier> => {
    opening ??= open().finally(() => {
      opening = undefined;
    });
    return opening;
  };
  return async () => {
    const nowMs = clock.now();
    if (current === undefined || nowMs - current.readAtMs >= TRUSTED_MS) return renew();
    const { verifier } = current;
    return nowMs < renewAtMs ? verifier : renew().catch(() => verifier);
  };
}

/** With the keys as they are now, in caches of its own: a key id that is given to another key is that key's. */
async function openVerifier({ issuer, audience, read = readHttps }: TokenVerifierOptions): Promise<Verifier> {
  const jwksCache = new SimpleJwksCache({ fetcher: { fetch: () => readIssuerKeys(issuer, read) } });
  const verifier = JwtVerifier.create(
    // The audience is checked below: the library knows `aud` alone.
    { issuer, audience: null, customJwtCheck: (token) => checkToken(token, audience) },
    { jwksCache },
  );
  await verifier.hydrate();
  return verifier;
}

interface VerifiedToken {
  readonly header: JwtHeader;
  readonly payload: JwtPayload;
  readonly jwk: Jwk;
}

/** In seconds: times from there on have no ISO 8601 text that a policy could take. */
const YEAR_10000 = Date.UTC(10_000) / 1000;

/** By the beginning of the algorithm's name. */
const KEY_TYPE: Readonly<Record<string, string>> = { RS: "RSA", ES: "EC", Ed: "OKP" };

/** What the library leaves to its users. */
function checkToken({ header, payload, jwk }: VerifiedToken, audience: string): void {
  // An issuer that does not say what a key is for leaves it to the token, whose
  // word is not good (RFC 8725, section 3.1).
  if (KEY_TYPE[header.alg?.slice(0, 2) ?? ""] !== jwk.kty) throw new Error("names an algorithm that is not its key's");
  if (![payload.aud ?? payload.client_id].flat().includes(audience)) throw new Error("made for another audience");
  if (payload.exp === undefined || payload.exp >= YEAR_10000) throw new Error("never expires");
  if (payload.token_use === "id") throw new Error("an ID token, which tells a client who its user is");
  if (header.crit !== undefined) throw new Error("has extensions that must be understood (RFC 7515, section 4.1.11)");
}

function toPrincipal(payload: JwtPayload, scopes: Readonly<Record<Right, string>>): Principal {
  const granted = [...textsOf(payload.scope), ...textsOf(payload.scp)];
  const namespaces = textsOf(payload.pulse_namespaces);
  return {
    id: `token:${payload.sub ?? payload.client_id}`,
    rights: RIGHTS.filter((right) => granted.includes(scopes[right])),
    // A restriction that cannot be read leaves nothing, rather than everything.
    ...(payload.pulse_namespaces !== undefined && { namespaces: canRestrictTo(namespaces) ? namespaces : [] }),
    expiresAtMs: Number(payload.exp) * 1000,
  };
}

/** A list of texts, which issuers write as an array or with spaces between. */
const textsOf = (claim: unknown): readonly string[] =>
  [claim].flat().flatMap((part) => (typeof part === "string" ? part.split(" ") : []));
