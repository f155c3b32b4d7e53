import { BASE_PATH, type Route, rightFor, routes } from "#functions/routes.ts";
import { artifactParameters, artifactParticulars, artifactSchemas, kindSchema } from "./artifact-operations.ts";
import { type Json, json, type Particulars, reference, text } from "./description-words.ts";
import { eventParameters, eventParticulars } from "./event-operations.ts";
import { eventSchemas } from "./event-schemas.ts";
import { failureResponses, failuresOf } from "./failures.ts";
import { VERSION } from "./version.ts";

const VIEW: Particulars = {
  answers: { 200: { description: "The newest number of the last 30 s, bare", content: json({ type: "number" }) } },
};

const particulars: Readonly<Record<string, Particulars>> = { ...eventParticulars, ...artifactParticulars };
const parametersOf: Readonly<Record<string, readonly Json[]>> = { ...eventParameters, ...artifactParameters };

const problem: Json = {
  description: "A problem (RFC 9457)",
  content: { "application/problem+json": { schema: reference("Problem") } },
};

function operationOf(route: Route): Json {
  const name = `${route.method} ${route.path}`;
  const { body, answers } = particulars[name] ?? VIEW;
  const inPath = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, segment]) => ({
    name: segment,
    in: "path",
    required: true,
    schema: segment === "kind" ? kindSchema(route.kinds) : text,
  }));
  return {
    summary: route.summary,
    operationId: name.replaceAll(/[^A-Za-z]+(\w?)/g, (_, next: string) => next.toUpperCase()),
    parameters: [...inPath, ...(parametersOf[name] ?? [])],
    ...(body === undefined ? {} : { requestBody: { required: true, content: body } }),
    // Which of these it takes is a setting of the deployment; the last one is nothing at all.
    security: [{ accessToken: [rightFor(route)] }, { apiKey: [rightFor(route)] }, { awsSignature: [] }, {}],
    responses: { ...answers, ...failuresOf(route), default: problem },
  };
}

const inAuthorization = (description: string): Json => ({
  type: "apiKey",
  in: "header",
  name: "Authorization",
  description,
});

const securitySchemes: Json = {
  accessToken: { type: "http", scheme: "bearer", bearerFormat: "JWT" },
  apiKey: inAuthorization("token <API key>"),
  awsSignature: inAuthorization("A request signed with SigV4"),
};

/** Where the API is, below what API Gateway puts before each path: its stage, or nothing. */
export const serversBehind = (prefix: string): readonly Json[] => [
  { url: prefix + BASE_PATH },
  { url: `${prefix}/{namespace}${BASE_PATH}`, variables: { namespace: { default: "default" } } },
];

/** OpenAPI 3.1, made from the table of routes and the schemas that requests are checked with. */
export function openApiDescription(): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of routes) {
    const operations = paths[route.path] ?? {};
    operations[route.method.toLowerCase()] = operationOf(route);
    paths[route.path] = operations;
  }
  return {
    openapi: "3.1.0",
    info: { title: "Pulse", version: VERSION, description: "The central event stream of a platform" },
    servers: serversBehind(""),
    paths,
    components: {
      securitySchemes,
      responses: failureResponses,
      schemas: { ...eventSchemas, ...artifactSchemas },
    },
  };
}
