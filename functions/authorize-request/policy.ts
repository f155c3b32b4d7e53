import type { PolicyDocument, Statement } from "aws-lambda";
import type { Principal, Right } from "#core/access/principal.ts";
import { BASE_PATH, basePathOf, type Route, rightFor, routes } from "#functions/routes.ts";

/**
 * All that a caller may do with the API, not only the request at hand: API Gateway keeps the policy for every request
 * with the same credentials. What is not named in it is refused.
 */
export function policyFor({ rights, namespaces, expiresAtMs }: Principal, methodArn: string): PolicyDocument {
  const stageArn = methodArn.split("/", 2).join("/");
  const bases = namespaces?.map(basePathOf) ?? EVERY_BASE;
  const resources = routesFor(rights).flatMap(({ method, path }) =>
    bases.map((base) => `${stageArn}/${method}${base}${path}`),
  );
  if (resources.length === 0) return policyOf({ Effect: "Deny", Action: ACTION, Resource: `${stageArn}/*` });
  return policyOf({
    Effect: "Allow",
    Action: ACTION,
    Resource: resources,
    ...(expiresAtMs !== undefined && {
      Condition: { DateLessThan: { "aws:CurrentTime": secondOf(expiresAtMs) } },
    }),
  });
}

const ACTION = "execute-api:Invoke";
const policyOf = (statement: Statement): PolicyDocument => ({ Version: "2012-10-17", Statement: [statement] });

/** As IAM's policies write a time. */
const secondOf = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+/, "");

/** A `*` stands for any characters, slashes too; deeper paths than a namespace's are no routes, and answered 404. */
const EVERY_BASE = [BASE_PATH, `/*${BASE_PATH}`];

/** Paths under a base, as policies write them. */
interface Covered {
  readonly method: string;
  readonly path: string;
}

const wholly = (method: string): Covered => ({ method, path: "/*" });

/**
 * Each method by name, so that who may do everything is told by 404 and 405 what a path does not take; a `*` in place
 * of the method would also match a method and a namespace.
 */
const EVERYTHING = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"].map(wholly);

/** A method whose routes all need the same right is covered as a whole: a policy has at most 8 KB. */
const coveredBy = (right: Right): readonly Covered[] =>
  [...new Set(routes.map(({ method }) => method))].flatMap((method) => {
    const all = routes.filter((route) => route.method === method);
    const some = all.filter((route) => rightFor(route) === right);
    return some.length === all.length ? [wholly(method)] : some.flatMap(toCovered);
  });

/** A path with parameters is covered from its first one on, any other with and without a slash at its end. */
function toCovered({ method, path }: Route): readonly Covered[] {
  const parameter = path.indexOf("{");
  if (parameter >= 0) return [{ method, path: `${path.slice(0, parameter)}*` }];
  return [
    { method, path },
    { method, path: `${path}/` },
  ];
}

/** What a declaration is, no path tells for sure (`event%2Dtypes`): the function looks for that right itself. */
const COVERED: Readonly<Record<Right, readonly Covered[]>> = {
  read: coveredBy("read"),
  write: coveredBy("write"),
  declare: [],
};

const routesFor = (rights: readonly Right[]): readonly Covered[] =>
  rights.includes("read") && rights.includes("write") ? EVERYTHING : rights.flatMap((right) => COVERED[right]);
