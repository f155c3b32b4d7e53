import type { Client } from "@opensearch-project/opensearch";
import type { CdkCustomResourceEvent, CdkCustomResourceResponse } from "aws-lambda";
import { log } from "#functions/shared/log.ts";
import { DEPLOYMENT_PATIENCE, retrying } from "#stores/opensearch/backoff.ts";
import type { IndexTemplate } from "#stores/opensearch/index-templates.ts";
import { installDeployed, removeDeployed } from "#stores/opensearch/install-templates.ts";
import { NOTHING_DELETES } from "#stores/opensearch/retention-policies.ts";

/** What a deployment asks for: one index template, as JSON text. */
interface InstalledTemplate {
  readonly template: string;
}

export type InstallIndexTemplatesHandler = (event: CdkCustomResourceEvent) => Promise<CdkCustomResourceResponse>;

/**
 * Installs an index template, and how long its events are kept, when its stack is deployed; removes it, but no index
 * and no event, when it goes. Where the cluster cannot delete, its log says so. A template of another name is another
 * resource: CloudFormation then deletes the old one by itself.
 */
export const installIndexTemplatesHandler =
  (client: Client, patience = DEPLOYMENT_PATIENCE): InstallIndexTemplatesHandler =>
  async (event) => {
    if (event.RequestType !== "Delete") {
      const { template: text } = event.ResourceProperties as unknown as InstalledTemplate;
      const template = JSON.parse(text) as IndexTemplate;
      if (!(await retrying(patience, () => installDeployed(client, template))))
        log.error(NOTHING_DELETES, { template: template.name, days: template.keeps?.retentionDays });
      return { PhysicalResourceId: ID_PREFIX + template.name };
    }
    const id = event.PhysicalResourceId;
    // CloudFormation also deletes what was never created, under an id of its own.
    if (id.startsWith(ID_PREFIX)) await retrying(patience, () => removeDeployed(client, id.slice(ID_PREFIX.length)));
    return { PhysicalResourceId: id };
  };

const ID_PREFIX = "template:";
