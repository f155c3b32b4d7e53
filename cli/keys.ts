import { parseArgs } from "node:util";
import { toAwsFailure } from "#cli/aws-failure.ts";
import { parsed, wrongCall } from "#cli/call.ts";
import { UsageError } from "#cli/usage-error.ts";
import { type ApiKeyGrant, type ApiKeyRecord, type ApiKeys, issueApiKey } from "#core/access/api-keys.ts";
import { canRestrictTo, isRight, MAX_NAMESPACES } from "#core/access/principal.ts";
import { DynamoApiKeys } from "#stores/dynamodb/dynamo-api-keys.ts";

const HELP = `API keys of a deployment with auth oidc: made, listed and revoked at once, without a deployment.

  pulse keys create --table <table> --name <name> --rights <read,write,declare> [--namespaces <a,b>]
  pulse keys list --table <table>
  pulse keys revoke --table <table> <id>

  --table <table>      the DynamoDB table, as the Store stack's output ApiKeysTable names it
  --name <name>        who is going to use the key
  --rights <list>      read, write, or both; declare, besides write, to declare event types, for all namespaces at once
  --namespaces <a,b>   only there (default: everywhere); at most ${MAX_NAMESPACES}
  --help

The key itself is printed once, by create, and is kept nowhere. Region and credentials are those of the environment. A
revoked key is refused within a minute; a stream that it has opened ends with its lease.

Example: pulse keys create --table Pulse-dev-Store-ApiKeys1234 --name edge-gateways --rights write
`;

/** `pulse keys`. */
export async function keys(args: string[]): Promise<void> {
  const call = readCall(args);
  if (call === "help") {
    process.stdout.write(HELP);
    return;
  }
  const apiKeys = new DynamoApiKeys({ tableName: call.table });
  try {
    await call.run(apiKeys);
  } catch (error) {
    if ((error as Error).name === "ResourceNotFoundException")
      throw new UsageError(`there is no table "${call.table}" in the region of the environment`);
    throw toAwsFailure(`the table ${call.table}`, error);
  } finally {
    await apiKeys.close();
  }
}

interface KeysCall {
  readonly table: string;
  readonly run: (apiKeys: ApiKeys) => Promise<void>;
}

type Values = ReturnType<typeof parse>["values"];

function readCall(args: string[]): KeysCall | "help" {
  const { values, positionals } = parsed("keys", () => parse(args));
  if (values.help) return "help";
  const [action, ...rest] = positionals;
  const faults: string[] = [];
  const run = runOf(action, rest, values, faults);
  if (values.table === undefined) faults.push("--table <table> is missing");
  if (run === undefined || values.table === undefined || faults.length > 0) throw wrongCall("keys", faults);
  return { table: values.table, run };
}

const parse = (args: string[]) =>
  parseArgs({
    args,
    allowPositionals: true,
    options: {
      table: { type: "string" },
      name: { type: "string" },
      rights: { type: "string" },
      namespaces: { type: "string" },
      help: { type: "boolean", short: "h" },
    },
  });

function runOf(
  action: string | undefined,
  rest: readonly string[],
  values: Values,
  faults: string[],
): KeysCall["run"] | undefined {
  const [id, ...tooMany] = rest;
  if (tooMany.length > 0 || (action !== "revoke" && id !== undefined)) faults.push(`"${rest.at(-1)}" is one too many`);
  switch (action) {
    case "create":
      return create(grantOf(values, faults));
    case "list":
      return list;
    case "revoke":
      if (id === undefined) faults.push("the id of a key is missing: pulse keys list tells it");
      return revoke(id ?? "");
    default:
      faults.push(`keys takes create, list or revoke, not "${action ?? ""}"`);
      return undefined;
  }
}

function grantOf({ name, rights = "", namespaces }: Values, faults: string[]): ApiKeyGrant {
  if (name === undefined || name === "") faults.push("--name <name> is missing");
  const given = rights.split(",");
  if (!given.every(isRight))
    faults.push(`--rights takes read, write and declare, with commas between, not "${rights}"`);
  const only = namespaces?.split(",");
  if (given.includes("declare") && !given.includes("write"))
    faults.push("--rights declare needs write as well: types are declared by artifacts");
  if (given.includes("declare") && only !== undefined)
    faults.push("--rights declare is for keys without --namespaces: a type is declared for all of them at once");
  if (only !== undefined && !canRestrictTo(only))
    faults.push(`--namespaces takes 1 to ${MAX_NAMESPACES} namespaces, not "${namespaces}"`);
  return {
    name: name ?? "",
    rights: [...new Set(given.filter(isRight))],
    ...(only !== undefined && { namespaces: [...new Set(only)] }),
  };
}

/** The key goes to standard output, alone, so that it can go into a file or a secret store unseen. */
const create = (grant: ApiKeyGrant) => async (apiKeys: ApiKeys) => {
  const { text, record } = issueApiKey(grant, Date.now());
  await apiKeys.add(record);
  process.stderr.write(`Created ${lineOf(record)}\nSend it as Authorization: token <key>. It is not shown again:\n`);
  process.stdout.write(`${text}\n`);
};

async function list(apiKeys: ApiKeys): Promise<void> {
  const records = await apiKeys.list();
  const oldestFirst = records.toSorted((one, other) => one.createdAtMs - other.createdAtMs);
  for (const record of oldestFirst) process.stdout.write(`${lineOf(record)}\n`);
}

const revoke = (id: string) => async (apiKeys: ApiKeys) => {
  if (!(await apiKeys.revoke(id))) throw new UsageError(`there is no key ${JSON.stringify(id)}`);
  process.stderr.write(`Revoked ${id}\n`);
};

const lineOf = ({ id, rights, namespaces, createdAtMs, name }: ApiKeyRecord): string =>
  [
    id,
    rights.join(","),
    namespaces === undefined ? "everywhere" : `in ${namespaces.join(",")}`,
    new Date(createdAtMs).toISOString(),
    JSON.stringify(name),
  ].join("  ");
