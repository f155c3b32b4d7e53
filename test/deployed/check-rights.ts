import assert from "node:assert/strict";
import { BASE_PATH } from "#functions/routes.ts";
import { elementOf, elementsOf } from "#test/support/emulator/emulator-account.ts";
import { statusOfProblem } from "./check-events.ts";
import type { DeployedPulse } from "./deployed-pulse.ts";
import { eventually } from "./eventually.ts";
import { works } from "./function-works.ts";
import type { Report } from "./report.ts";

/** What was not granted is refused: to callers, and to functions. */
export async function checkRights(pulse: DeployedPulse, report: Report): Promise<void> {
  await report.check("an IAM user is refused until it may call the API, and whenever its secret is wrong", () =>
    admitsWhoMayCall(pulse),
  );
  await report.check(
    "create-events without its grants is refused, tells nothing of it, and works again with them",
    () => needsItsGrants(pulse),
  );
  await report.check(`nor does any other do its work without its grants: ${Object.keys(works).join(", ")}`, () =>
    needTheirGrants(pulse),
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
  const create = () =>
    pulse.api(`${BASE_PATH}/events`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"tags":["revoked"]}',
    });

  const revoked = await withoutGrants(pulse, "create-events", create);
  const said = await revoked.clone().text();
  const restored = await create();

  assert.equal(await statusOfProblem(revoked), 500);
  assert.doesNotMatch(said, /authorized|kinesis|arn:/i);
  assert.equal(restored.status, 201);
}

/** What the function's role is granted is taken from it for as long as that takes. */
async function withoutGrants<Result>(
  pulse: DeployedPulse,
  folder: string,
  act: () => Promise<Result>,
): Promise<Result> {
  const { Role: arn } = await pulse.functionOf(folder);
  const role = arn.slice(arn.lastIndexOf("/") + 1);
  const policies = await policiesOf(pulse, role);
  assert.ok(policies.length > 0, `${role} has no policy`);
  for (const { name } of policies) await iam(pulse, { Action: "DeleteRolePolicy", RoleName: role, PolicyName: name });
  try {
    return await act();
  } finally {
    for (const { name, document } of policies)
      await iam(pulse, { Action: "PutRolePolicy", RoleName: role, PolicyName: name, PolicyDocument: document });
  }
}

async function needTheirGrants(pulse: DeployedPulse): Promise<void> {
  const faults: string[] = [];
  for (const [folder, work] of Object.entries(works)) {
    await withoutGrants(pulse, folder, () =>
      // Some go by what they have read a few seconds before.
      eventually(() => assert.rejects(work(pulse), `${folder} does its work without its grants`)),
    ).catch((fault: Error) => faults.push(fault.message));
    await work(pulse).catch((fault: Error) =>
      faults.push(`${folder} does not do its work with them: ${fault.message}`),
    );
  }
  assert.deepEqual(faults, []);
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
