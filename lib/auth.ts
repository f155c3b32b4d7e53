import { Token } from "aws-cdk-lib";

/** Callers are verified by their access tokens and API keys. */
export interface OidcAuth {
  readonly kind: "oidc";
  /** An OpenID Connect provider, as in the `iss` of its tokens: its keys are found by its discovery document. */
  readonly issuer: string;
  /** For whom access tokens are made: their `aud`, or their `client_id` where they have none. */
  readonly audience: string;
  /** The scope that gives the right to read. @default - `events:read` */
  readonly readScope?: string;
  /** The scope that gives the right to write. @default - `events:write` */
  readonly writeScope?: string;
  /** The scope that gives the right to declare types. @default - `events:declare` */
  readonly declareScope?: string;
}

/** Who may call the API. No deployment is open unless it says so by name. */
export type Auth =
  /** Callers of this account, or of one it trusts, signing with SigV4. */
  | { readonly kind: "iam" }
  | OidcAuth
  /** Anyone who knows the address: for tests. */
  | { readonly kind: "none"; readonly iUnderstandThatAnyoneMayReadAndWrite: true };

const CHOICES =
  "-c auth=iam (callers sign with SigV4), -c auth=oidc -c issuer=https://… -c audience=… (callers bring an access token or " +
  'an API key), or -c auth=none (open to anyone, for tests); in code the prop auth, like { kind: "iam" }';

/** The auth itself. Throws, naming the choices, when there is none or one that would not guard anything. */
export function requireAuth(auth: Auth | undefined): Auth {
  if (auth === undefined) throw new Error(`auth must be set, no API is deployed open by default: ${CHOICES}`);
  if (auth.kind === "oidc") requireIssuer(auth);
  if (auth.kind === "none" && auth.iUnderstandThatAnyoneMayReadAndWrite !== true)
    throw new Error('auth "none" opens the API to anyone: it also needs iUnderstandThatAnyoneMayReadAndWrite: true');
  return auth;
}

function requireIssuer({ issuer, audience }: OidcAuth): void {
  // One that comes from another resource is known when it is deployed.
  if (!Token.isUnresolved(issuer) && !/^https:\/\/[^?#\s]+$/.test(issuer))
    throw new Error(`auth "oidc" needs the https address of an issuer, not ${JSON.stringify(issuer)}`);
  if (audience === "") throw new Error('auth "oidc" needs the audience that access tokens are made for');
}
