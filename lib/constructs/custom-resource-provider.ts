import { RemovalPolicy, Validations } from "aws-cdk-lib";
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import { LogGroup } from "aws-cdk-lib/aws-logs";
import { Provider } from "aws-cdk-lib/custom-resources";
import type { Construct } from "constructs";
import { acknowledgeWildcard } from "#lib/constructs/acknowledge-wildcard.ts";
import type { StageSettings } from "#lib/stage.ts";

export interface CustomResourceProviderProps {
  /** Gets the create, update and delete of every resource. */
  readonly onEvent: IFunction;
  readonly stage: StageSettings;
}

/** CDK's provider framework, which speaks to CloudFormation so that our function only returns or throws. */
export class CustomResourceProvider extends Provider {
  constructor(scope: Construct, id: string, props: CustomResourceProviderProps) {
    super(scope, id, {
      onEventHandler: props.onEvent,
      logGroup: new LogGroup(scope, `${id}Log`, {
        retention: props.stage.logRetention,
        removalPolicy: RemovalPolicy.DESTROY,
      }),
    });
    acknowledgeWildcard(this, props.onEvent.functionArn, ":*", "Every version of the one function it calls.");
    const reason = "CDK's own function, which it configures and updates.";
    Validations.of(this).acknowledge(
      {
        id: "AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]",
        reason,
      },
      { id: "AwsSolutions-L1", reason },
      { id: "Serverless-LambdaDLQ", reason },
      { id: "Serverless-LambdaAsyncFailureDestination", reason },
      { id: "Serverless-LambdaDefaultMemorySize", reason },
      { id: "Serverless-LambdaLatestVersion", reason },
      { id: "Serverless-LambdaTracing", reason },
    );
  }
}
