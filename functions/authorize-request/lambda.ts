import { openAuthenticate } from "#functions/shared/auth/open-authenticate.ts";
import { environmentOf } from "#functions/shared/deployment/environment.ts";
import { authorizeRequestHandler } from "./authorize-request.ts";

export const handler = authorizeRequestHandler(openAuthenticate(environmentOf("authorize-request")));
