import { Stack, Validations } from "aws-cdk-lib";
import type { IConstruct } from "constructs";

/**
 * Acknowledges that a policy names all that is below one ARN: the objects of a bucket, the versions of a function. An
 * ARN of another stack is given as its `exportValue`. Everything else that has a wildcard is still reported.
 */
export function acknowledgeWildcard(on: IConstruct, arn: string, below: "/*" | ":*", reason: string): void {
  const reference: { "Fn::GetAtt": string[] } | { "Fn::ImportValue": string } = Stack.of(on).resolve(arn);
  const name = "Fn::GetAtt" in reference ? `<${reference["Fn::GetAtt"].join(".")}>` : reference["Fn::ImportValue"];
  Validations.of(on).acknowledge({ id: `AwsSolutions-IAM5[Resource::${name}${below}]`, reason });
}
