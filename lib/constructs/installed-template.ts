import { CustomResource, Duration } from "aws-cdk-lib";
import type { Construct } from "constructs";
import type { IndexTemplate } from "#stores/opensearch/index-templates.ts";

export interface InstalledTemplateProps {
  readonly serviceToken: string;
  readonly template: IndexTemplate;
  /** A word that was not given before has it installed again, though it did not change. @default - none */
  readonly reinstall?: string;
}

/** One index template, in OpenSearch for as long as its stack has it. Removing it removes no index and no event. */
export class InstalledTemplate extends CustomResource {
  constructor(scope: Construct, id: string, { serviceToken, template, reinstall }: InstalledTemplateProps) {
    super(scope, id, {
      serviceToken,
      resourceType: "Custom::PulseIndexTemplate",
      serviceTimeout: Duration.minutes(5),
      properties: {
        name: template.name,
        // As text: CloudFormation hands a custom resource every number and boolean as a string.
        template: JSON.stringify(template),
        ...(reinstall !== undefined && { reinstall }),
      },
    });
  }
}
