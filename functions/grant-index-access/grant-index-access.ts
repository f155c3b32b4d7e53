import type { Client } from "@opensearch-project/opensearch";
import type { CdkCustomResourceEvent, CdkCustomResourceResponse } from "aws-lambda";
import { DEPLOYMENT_PATIENCE, retrying } from "#stores/opensearch/backoff.ts";
import { request } from "#stores/opensearch/client.ts";

/** What a deployment asks for: a role of OpenSearch's security plugin, and the IAM role that has it. */
interface IndexAccess {
  readonly role: string;
  readonly backendRole: string;
  readonly permissions: object;
}

export type GrantIndexAccessHandler = (event: CdkCustomResourceEvent) => Promise<CdkCustomResourceResponse>;

/**
 * Gives a function its role inside OpenSearch when its stack is deployed, and takes it back when the stack goes. Each
 * role has one owner, so putting it whole undoes nobody else's.
 */
export const grantIndexAccessHandler =
  (client: Client, patience = DEPLOYMENT_PATIENCE): GrantIndexAccessHandler =>
  async (event) => {
    const access = event.ResourceProperties as unknown as IndexAccess;
    if (event.RequestType !== "Delete") {
      await retrying(patience, () => putAccess(client, access));
      return { PhysicalResourceId: physicalId(access.role) };
    }
    // CloudFormation also deletes what was never created, under an id of its own.
    if (event.PhysicalResourceId === physicalId(access.role))
      await retrying(patience, () => removeAccess(client, access.role));
    return { PhysicalResourceId: event.PhysicalResourceId };
  };

const physicalId = (role: string): string => `access:${role}`;
const rolePath = (role: string): string => `/_plugins/_security/api/roles/${encodeURIComponent(role)}`;
const mappingPath = (role: string): string => `/_plugins/_security/api/rolesmapping/${encodeURIComponent(role)}`;

async function putAccess(client: Client, { role, backendRole, permissions }: IndexAccess): Promise<void> {
  await request(client, { method: "PUT", path: rolePath(role), body: permissions });
  await request(client, { method: "PUT", path: mappingPath(role), body: { backend_roles: [backendRole] } });
}

async function removeAccess(client: Client, role: string): Promise<void> {
  await request(client, { method: "DELETE", path: mappingPath(role), expect: [404] });
  await request(client, { method: "DELETE", path: rolePath(role), expect: [404] });
}
