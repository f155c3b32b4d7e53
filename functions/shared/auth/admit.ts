import { type Principal, RIGHTS, type Right } from "#core/access/principal.ts";
import type { Authenticate } from "#functions/shared/auth/authenticate.ts";
import { notAllowed } from "#functions/shared/auth/challenge.ts";
import type { ApiRequest } from "#functions/shared/http/request.ts";

/**
 * Lets a request with the right pass, and tells whose it is. Throws `unauthenticated`, `forbidden` or `unavailable`.
 */
export type Admit = (request: Pick<ApiRequest, "header" | "namespace">, right: Right) => Promise<Principal>;

export const admitKnown =
  (authenticate: Authenticate): Admit =>
  async ({ header, namespace }, right) => {
    const principal = await authenticate(header("authorization"));
    if (!principal.rights.includes(right)) throw notAllowed(`this caller does not have the right to ${right}`);
    if (principal.namespaces !== undefined && !principal.namespaces.includes(namespace))
      throw notAllowed(`this caller has no rights in the namespace ${JSON.stringify(namespace.slice(0, 80))}`);
    return principal;
  };

const ANYONE: Principal = { id: "anyone", rights: RIGHTS };

/** For where nobody asks who callers are, or AWS has asked already. */
export const admitEveryone: Admit = async () => ANYONE;
