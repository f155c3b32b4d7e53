import type { APIGatewayProxyEvent } from "aws-lambda";
import { isRight, type Principal, RIGHTS, type Right, rightsOf } from "#core/access/principal.ts";

/** What API Gateway keeps with an authorizer's answer and hands to the functions behind it. Its members are texts. */
export const toAuthorizerContext = (principal: Principal): Readonly<Record<"rights", string>> => ({
  rights: rightsOf(principal).join(" "),
});

/**
 * The caller's rights as the authorizer found them; none where it does not tell. Without an authorizer either nobody is
 * asked or IAM has allowed this very request: then there is no right that could be missing.
 */
export function rightsIn({ authorizer }: Pick<APIGatewayProxyEvent["requestContext"], "authorizer">): readonly Right[] {
  if (authorizer?.principalId === undefined) return RIGHTS;
  return String(authorizer.rights ?? "")
    .split(" ")
    .filter(isRight);
}
