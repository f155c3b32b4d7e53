import { join } from "node:path";
import { Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import type { RestApi } from "aws-cdk-lib/aws-apigateway";
import { Grant } from "aws-cdk-lib/aws-iam";
import { Architecture, Runtime } from "aws-cdk-lib/aws-lambda";
import { NodejsFunction, OutputFormat } from "aws-cdk-lib/aws-lambda-nodejs";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";

export interface PulseCallerProps {
  /** A trigger of Pulse names it as its target. */
  readonly functionName: string;
  /** The folder of the example, whose `lambda.ts` it runs. */
  readonly example: string;
  /** The API of a Pulse that is guarded by IAM. */
  readonly api: RestApi;
  /** What it may ask of the API, as `GET /events`. */
  readonly may: readonly `${"GET" | "PUT"} ${string}`[];
  readonly environment: Readonly<Record<string, string>>;
}

/** A function that Pulse calls, and that calls Pulse: it may ask what it is told, and nothing else. */
export class PulseCaller extends NodejsFunction {
  constructor(scope: Construct, id: string, { functionName, example, api, may, environment }: PulseCallerProps) {
    super(scope, id, {
      functionName,
      entry: join(import.meta.dirname, "..", example, "lambda.ts"),
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      bundling: { format: OutputFormat.ESM, minify: true },
      timeout: Duration.seconds(30),
      environment: { ...environment, PULSE_URL: api.url },
      logGroup: new LogGroup(scope, `${id}Log`, {
        retention: RetentionDays.ONE_MONTH,
        removalPolicy: RemovalPolicy.DESTROY,
      }),
    });
    Grant.addToPrincipal({
      grantee: this,
      actions: ["execute-api:Invoke"],
      resourceArns: may.map((one) => {
        const [method, path] = one.split(" ") as [string, string];
        return Stack.of(this).formatArn({
          service: "execute-api",
          resource: api.restApiId,
          resourceName: `${api.deploymentStage.stageName}/${method}/api/v1${path}`,
        });
      }),
    });
  }
}
