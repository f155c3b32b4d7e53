import { execFile } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { isKeyOf } from "#core/access/api-keys.ts";
import { DynamoApiKeys } from "#stores/dynamodb/dynamo-api-keys.ts";
import { openDynamo, TABLE, type TestDynamo } from "#test/support/aws/dynamodb.ts";

const COMMAND = join(import.meta.dirname, "..", "..", "cli", "pulse.ts");

let dynamo: TestDynamo;
let stored: DynamoApiKeys;

beforeAll(async () => {
  dynamo = await openDynamo();
  stored = new DynamoApiKeys({ tableName: TABLE, config: dynamo.config });
});
afterAll(async () => {
  await stored.close();
  await dynamo.close();
});

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const environment = (): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH,
  AWS_ENDPOINT_URL_DYNAMODB: dynamo.config.endpoint,
  AWS_REGION: dynamo.config.region,
  AWS_ACCESS_KEY_ID: dynamo.config.credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: dynamo.config.credentials.secretAccessKey,
});

const keys = (...args: readonly string[]): Promise<Outcome> => keysWith(environment(), args);

/** `pulse keys`, in a process of its own. */
function keysWith(env: NodeJS.ProcessEnv, args: readonly string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(process.execPath, [COMMAND, "keys", ...args], { env }, (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
    );
  });
}

describe("pulse keys", () => {
  test("creates a key, which only its owner sees, lists it, and revokes it", async () => {
    const grant = ["--name", "edge gateways", "--rights", "write", "--namespaces", "team-a,team-b"];
    const created = await keys("create", "--table", TABLE, ...grant);
    const text = created.stdout.trim();
    const [record] = await stored.list();

    expect(record).toMatchObject({ name: "edge gateways", rights: ["write"], namespaces: ["team-a", "team-b"] });
    expect(record !== undefined && isKeyOf(text, record)).toBe(true);

    const { stdout } = await keys("list", "--table", TABLE);

    expect(stdout).toBe(
      `${record?.id}  write  in team-a,team-b  ${new Date(record?.createdAtMs ?? 0).toISOString()}  "edge gateways"\n`,
    );

    const revoked = await keys("revoke", "--table", TABLE, record?.id ?? "");

    expect(revoked).toMatchObject({ code: 0, stderr: `Revoked ${record?.id}\n` });
    expect(await stored.list()).toEqual([]);
    expect((await keys("revoke", "--table", TABLE, record?.id ?? "")).code).toBe(2);
  });

  test("names all that is wrong with a call, and creates nothing", async () => {
    const { code, stderr } = await keys("create", "--rights", "read,admin", "--namespaces", "A B");

    expect(code).toBe(2);
    for (const fault of ["--name <name> is missing", 'not "read,admin"', 'not "A B"', "--table <table> is missing"])
      expect(stderr).toContain(fault);
    expect(await stored.list()).toEqual([]);
  });

  test("gives the right to declare types to who may write everywhere, and to nobody else", async () => {
    const create = (...grant: readonly string[]) => keys("create", "--table", TABLE, "--name", "types", ...grant);

    const alone = await create("--rights", "read,declare");
    const restricted = await create("--rights", "write,declare", "--namespaces", "default");
    const everywhere = await create("--rights", "write,declare");

    expect(alone).toMatchObject({ code: 2, stderr: expect.stringContaining("--rights declare needs write as well") });
    expect(restricted).toMatchObject({ code: 2, stderr: expect.stringContaining("is for keys without --namespaces") });
    expect(everywhere.code).toBe(0);
    expect(await stored.list()).toMatchObject([{ rights: ["write", "declare"] }]);
  });

  test("says in a line what keeps it from asking AWS", async () => {
    const { AWS_REGION: _, ...nowhere } = environment();

    expect(await keysWith(nowhere, ["list", "--table", TABLE])).toEqual({
      code: 1,
      stdout: "",
      stderr: `pulse: the table ${TABLE}: Error: Region is missing\n`,
    });
  });

  test.each([
    [["destroy", "--table", TABLE], "keys takes create, list or revoke"],
    [["list", "everything", "--table", TABLE], '"everything" is one too many'],
    [["revoke", "--table", TABLE], "the id of a key is missing"],
    [["list", "--table", "no-such-table"], 'there is no table "no-such-table"'],
  ])("refuses %j", async (args, fault) => {
    const { code, stderr } = await keys(...args);

    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(fault) });
  });
});
