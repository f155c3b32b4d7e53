import assert from "node:assert/strict";
import { BASE_PATH } from "#functions/routes.ts";
import { elementOf, elementsOf } from "#test/support/emulator-account.ts";
import { createEvent, statusOfProblem } from "./check-events.ts";
import type { DeployedPulse } from "./deployed-pulse.ts";
import { eventually } from "./eventually.ts";
import type { Report } from "./report.ts";

/** Where signatures are verified and policies enforced: what was granted suffices, and what was not is refused. */
export async function checkRights(pulse: DeployedPulse, report: Report): Promise<void> {
  await report.need("the account restarts with rights enforced, all that was deployed in it", () =>
    pulse.start({ enforcesRights: true }),
  );
  await report.check("what the functions were granted suffices from the request to the answer", async () => {
    const key = { "idempotency-key": "granted" };
    const { event } = await createEvent(pulse, { tags: ["granted"] }, key);
    await eventually(async () => assert.deepEqual(await pulse.ask(`/events?tag=granted`), [event]));
  });
  await report.check("an IAM user is refused until it may call the API, and whenever its secret is wrong", () =>
    admitsWhoMayCall(pulse),
  );
  await report.check(
    "create-events without its grants is refused, tells nothing of it, and works again with them",
    () => needsItsGrants(pulse),
  );
}

async function admitsWhoMayCall(pulse: DeployedPulse): Promise<void> {
  const user = { UserName: "caller" };
  await iam(pulse, { Action: "CreateUser", ...user });
  const key = await iam(pulse, { Action: "CreateAccessKey", ...user });
  const signer = { accessKeyId: elementOf(key, "AccessKeyId"), secretAccessKey: elementOf(key, "SecretAccessKey") };
  const call = async (as = signer) => (await pulse.api(`${BASE_PATH}/events`, { signer: as })).status;
  const policy = { ...user, PolicyName: "call-pulse" };
  const statement = { Effect: "Allow", Action: "execute-api:Invoke", Resource: "*" };
  const document = JSON.stringify({ Version: "2012-10-17", Statement: [statement] });

  const before = await call();
  await iam(pulse, { Action: "PutUserPolicy", ...policy, PolicyDocument: document });
  const allowed = await call();
  const guessing = await call({ ...signer, secretAccessKey: "guessed" });

  await iam(pulse, { Action: "DeleteUserPolicy", ...policy });
  await iam(pulse, { Action: "DeleteAccessKey", ...user, AccessKeyId: signer.accessKeyId });
  await iam(pulse, { Action: "DeleteUser", ...user });
  assert.deepEqual({ before, allowed, guessing }, { before: 403, allowed: 200, guessing: 403 });
}

async function needsItsGrants(pulse: DeployedPulse): Promise<void> {
  const role = await roleOf(pulse, "create-events");
  const policies = await policiesOf(pulse, role);
  assert.ok(policies.length > 0, `${role} has no policy`);
  const create = () =>
    pulse.api(`${BASE_PATH}/events`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"tags":["revoked"]}',
    });

  for (const { name } of policies) await iam(pulse, { Action: "DeleteRolePolicy", RoleName: role, PolicyName: name });
  const revoked = await create();
  const said = await revoked.clone().text();
  for (const { name, document } of policies)
    await iam(pulse, { Action: "PutRolePolicy", RoleName: role, PolicyName: name, PolicyDocument: document });
  const restored = await create();

  assert.equal(await statusOfProblem(revoked), 500);
  assert.doesNotMatch(said, /authorized|kinesis|arn:/i);
  assert.equal(restored.status, 201);
}

interface Functions {
  readonly Functions: readonly { readonly Description: string; readonly Role: string }[];
}

/** The name of the role that a function runs as. */
async function roleOf({ account }: DeployedPulse, folder: string): Promise<string> {
  const { Functions } = (await (await account.send("lambda", "/2015-03-31/functions/")).json()) as Functions;
  const role = Functions.find(({ Description }) => Description === `Pulse: ${folder}`)?.Role;
  if (role === undefined) throw new Error(`there is no function ${folder}`);
  return role.slice(role.lastIndexOf("/") + 1);
}

interface InlinePolicy {
  readonly name: string;
  readonly document: string;
}

async function policiesOf(pulse: DeployedPulse, role: string): Promise<InlinePolicy[]> {
  const listed = await iam(pulse, { Action: "ListRolePolicies", RoleName: role });
  return Promise.all(
    elementsOf(listed, "member").map(async (name) => {
      const answer = await iam(pulse, { Action: "GetRolePolicy", RoleName: role, PolicyName: name });
      return { name, document: decodeURIComponent(elementOf(answer, "PolicyDocument")) };
    }),
  );
}

const iam = ({ account }: DeployedPulse, parameters: Readonly<Record<string, string>>): Promise<string> =>
  account.query("iam", { ...parameters, Version: "2010-05-08" });
