import { DescribeDomainCommand, type DomainStatus, type OpenSearchClient } from "@aws-sdk/client-opensearch";
import { bad, type Finding, ok, warn } from "#cli/doctor/finding.ts";

const PART = "domain";
/** Pulse is tested on a version of this line. */
const TESTED_LINE = /^OpenSearch_3\./;

/** What the service says of the domain itself: whether it is being changed, and what software it runs. */
export async function checkDomain(client: OpenSearchClient, name: string): Promise<readonly Finding[]> {
  const { DomainStatus: domain } = await client.send(new DescribeDomainCommand({ DomainName: name }));
  if (domain === undefined) throw new Error(`the service says nothing of a domain ${name}`);
  return [checkState(domain, name), checkEngine(domain), ...checkSoftware(domain)];
}

function checkState(domain: DomainStatus, name: string): Finding {
  if (domain.Deleted === true) return bad(PART, `${name} is being deleted`, "domain-change");
  if (domain.UpgradeProcessing === true) return warn(PART, `${name} is being upgraded`, "domain-change");
  if (domain.Processing === true) {
    const step = domain.DomainProcessingStatus ?? "Modifying";
    return warn(PART, `${name} is being changed (${step})`, "domain-change");
  }
  const { InstanceCount: nodes, InstanceType: type } = domain.ClusterConfig ?? {};
  return ok(PART, `${name} is active: ${nodes} × ${type}, ${domain.EBSOptions?.VolumeSize} GiB each`);
}

function checkEngine({ EngineVersion: version = "unknown" }: DomainStatus): Finding {
  if (TESTED_LINE.test(version)) return ok(PART, `runs ${version}`);
  return warn(PART, `runs ${version}, which Pulse is not tested on`, "domain-software");
}

function checkSoftware({ ServiceSoftwareOptions: software }: DomainStatus): readonly Finding[] {
  if (software?.UpdateAvailable !== true || software.OptionalDeployment === true) return [];
  const due = software.AutomatedUpdateDate?.getTime();
  // The service gives 1970 for an update that has no date.
  const when = due ? `, and is installed on ${new Date(due).toISOString().slice(0, "yyyy-mm-dd".length)}` : "";
  return [warn(PART, `service software ${software.NewVersion} is available${when}`, "domain-software")];
}
