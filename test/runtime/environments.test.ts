import { afterAll, describe, expect, test } from "@jest/globals";
import { environmentOf, environments, type FunctionName } from "#functions/shared/deployment/environment.ts";
import { deployment, resourcesOf } from "#test/lib/deployment.ts";
import { INDEXING } from "#test/runtime/deployed-pulse.ts";
import { LambdaFailure, type LambdaProcess, startLambdaProcess } from "#test/support/aws/lambda-process.ts";

interface DeployedFunction {
  readonly Description: string;
  readonly Handler: string;
  readonly Runtime: string;
  readonly Environment?: { readonly Variables: Readonly<Record<string, unknown>> };
}

const functionsOf = (stacks: ReturnType<typeof deployment>) =>
  Object.values(stacks)
    .flatMap((stack) => Object.values(resourcesOf(stack, "AWS::Lambda::Function")))
    .map(({ Properties }) => Properties as unknown as DeployedFunction)
    .filter(({ Description }) => Description?.startsWith("Pulse: "))
    .map(({ Description, ...rest }) => ({ ...rest, name: Description.slice("Pulse: ".length) as FunctionName }));

const stacks = deployment({ dashboards: true });
const withTokens = deployment({ auth: { kind: "oidc", issuer: "https://login.example", audience: "pulse" } });
/** Every function that some deployment has, once. */
const deployed = [
  ...functionsOf(stacks),
  ...functionsOf(withTokens).filter(({ name }) => functionsOf(stacks).every((fn) => fn.name !== name)),
];

/** What CloudFormation would make of a function's variables: any text will do for what it looks up. */
const variablesOf = ({ Environment }: Pick<DeployedFunction, "Environment">): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(Environment?.Variables ?? {}).map(([name, value]) => [
      name,
      typeof value === "string" ? value : "https://search.example",
    ]),
  );

const start = (name: string, variables: Readonly<Record<string, string>>): Promise<LambdaProcess> =>
  startLambdaProcess({ name, variables, onOutput: () => {} });

/** Lambda sets it. */
const REGION = { AWS_REGION: "eu-central-1" };

test("every function that has an environment is deployed", () => {
  expect(deployed.map(({ name }) => name).sort()).toEqual(Object.keys(environments).sort());
});

describe("each deployed function", () => {
  const coldStarts: string[] = [];
  afterAll(() => {
    process.stderr.write(`cold starts: ${coldStarts.join(", ")}\n`);
  });

  test.each(deployed)("$name starts with what its stack tells it", async (fn) => {
    const lambda = await start(fn.name, variablesOf(fn));
    await lambda.kill();

    expect({ handler: fn.Handler, runtime: fn.Runtime }).toEqual({ handler: "index.handler", runtime: "nodejs24.x" });
    coldStarts.push(`${fn.name} ${lambda.coldStartMs.toFixed()} ms`);
  });

  test.each(deployed.filter((fn) => neededOf(fn).length > 0))(
    "$name names all that it is not told, and takes no invocation",
    async (fn) => {
      const failure = await start(fn.name, {}).catch((error: LambdaFailure) => error);

      expect(failure).toBeInstanceOf(LambdaFailure);
      const { message } = failure as LambdaFailure;
      expect(message).toMatch(`the environment of ${fn.name} is not usable: `);
      expect([...message.matchAll(/\b([A-Z_]+): /g)].map(([, name]) => name).sort()).toEqual(neededOf(fn).sort());
    },
  );
});

/** The variables that a function cannot start without one by one, of those that its stack tells it. */
function neededOf(fn: Pick<DeployedFunction, "Environment"> & { readonly name: FunctionName }): string[] {
  const variables = variablesOf(fn);
  return Object.keys(variables).filter((name) => {
    const { [name]: _, ...others } = variables;
    try {
      environmentOf(fn.name, { ...others, ...REGION });
      return false;
    } catch {
      return true;
    }
  });
}

test("the tests map the journal to index-events as the indexing stack does", () => {
  const [mapping] = Object.values(resourcesOf(stacks.indexing, "AWS::Lambda::EventSourceMapping"));

  expect(mapping?.Properties).toMatchObject({ ...INDEXING });
});
