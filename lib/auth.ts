/** Who may call the API. No deployment is open unless it says so by name. */
export type Auth =
  /** Callers of this account, or of one it trusts, signing with SigV4. */
  | { readonly kind: "iam" }
  /** Bearers of an access token of this issuer, made for this audience. */
  | { readonly kind: "oidc"; readonly issuer: string; readonly audience: string }
  /** Anyone who knows the address: for tests. */
  | { readonly kind: "none"; readonly iUnderstandThatAnyoneMayReadAndWrite: true };

/** How a deployment can be guarded today. */
export type SupportedAuth = Exclude<Auth, { kind: "oidc" }>;

const CHOICES =
  '{ kind: "iam" } (callers sign with SigV4), or { kind: "none", iUnderstandThatAnyoneMayReadAndWrite: true } ' +
  "(open to anyone, for tests)";

/** The auth itself. Throws, naming the choices, when there is none or one that is not supported yet. */
export function requireAuth(auth: Auth | undefined): SupportedAuth {
  if (auth === undefined) throw new Error(`auth must be set, no API is deployed open by default: ${CHOICES}`);
  if (auth.kind === "oidc")
    throw new Error(
      `auth "oidc" (issuer ${auth.issuer}) needs an authorizer that is not deployable yet; use ${CHOICES}`,
    );
  if (auth.kind === "none" && auth.iUnderstandThatAnyoneMayReadAndWrite !== true)
    throw new Error('auth "none" opens the API to anyone: it also needs iUnderstandThatAnyoneMayReadAndWrite: true');
  return auth;
}
