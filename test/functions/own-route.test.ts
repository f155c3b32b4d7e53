import { expect, test } from "@jest/globals";
import type { APIGatewayProxyResult } from "aws-lambda";
import { atOwnRoute } from "#functions/shared/http/own-route.ts";
import type { ApiRequest } from "#functions/shared/http/request.ts";

const asked = async (request: Partial<ApiRequest>) => {
  let seen: ApiRequest | undefined;
  const answer = atOwnRoute(async (at) => {
    seen = at;
    return {} as APIGatewayProxyResult;
  });
  await answer({ method: "GET", ...request } as ApiRequest);
  return { route: seen?.route, parameters: seen?.parameters };
};

test.each([
  ["/health/gateways/sava%2F9050", "/health/gateways/{gateway}", { gateway: "sava/9050" }],
  ["/metrics/gateways/a/rate", "/metrics/gateways/{gateway}/{metric}", { gateway: "a", metric: "rate" }],
  // Behind a domain's mapping, and in a namespace.
  ["/mapped/team-a/api/v1/health/gateways/a", "/health/gateways/{gateway}", { gateway: "a" }],
  ["/health/gateways/100%25%zz", "/health/gateways/{gateway}", { gateway: "100%25%zz" }],
])("what lies below a path is answered at its own route: %s", async (path, route, parameters) => {
  expect(await asked({ route: "/health/{proxy+}", path })).toEqual({ route, parameters });
});

test("what API Gateway has matched is left as it is", async () => {
  const parameters = { id: "x" };

  expect(await asked({ route: "/events/{id}", path: "/events/x", parameters })).toEqual({
    route: "/events/{id}",
    parameters,
  });
});
