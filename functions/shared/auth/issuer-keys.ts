import { SimpleFetcher } from "aws-jwt-verify/https";
import { isJwks } from "aws-jwt-verify/jwk";
import { PulseError } from "#core/errors.ts";
import { CANNOT_VERIFY } from "#functions/shared/auth/challenge.ts";

/** Reads what is at an address. */
export type Read = (url: string) => Promise<ArrayBuffer>;

const https = new SimpleFetcher();

/** HTTPS alone, without following redirects, at most 3 s, tried twice. */
export const readHttps: Read = (url) => https.fetch(url);

/**
 * The keys of an issuer (a JWKS), read where its discovery document says (OpenID Connect Discovery 1.0, section 4).
 * Throws `unavailable`: without the keys nobody can be told from an impostor.
 */
export async function readIssuerKeys(issuer: string, read: Read): Promise<ArrayBuffer> {
  try {
    const discovered = toJson(await read(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`));
    if (discovered.issuer !== issuer) throw new Error(`the document found there is of the issuer ${discovered.issuer}`);
    const keys = await read(discovered.jwks_uri);
    if (!isJwks(toJson(keys))) throw new Error(`there is no key set at ${discovered.jwks_uri}`);
    return keys;
  } catch (cause) {
    throw new PulseError("unavailable", CANNOT_VERIFY, { retryAfterSeconds: 5, cause });
  }
}

const toJson = (bytes: ArrayBuffer) => JSON.parse(Buffer.from(bytes).toString("utf8"));
