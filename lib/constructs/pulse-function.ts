import { type Duration, RemovalPolicy, Validations } from "aws-cdk-lib";
import { type IRole, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Architecture, Code, Function as LambdaFunction, Runtime, Tracing } from "aws-cdk-lib/aws-lambda";
import { LogGroup } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import type { EnvironmentInput, FunctionName } from "#functions/shared/deployment/environment.ts";
import { bundleFolder, bundleFolderWith } from "#lib/bundles.ts";
import type { StageSettings } from "#lib/stage.ts";

/** The variables of a function, by its schema: one it does not know, or one it lacks, does not compile. */
export type Variables<Name extends FunctionName> = TextOf<EnvironmentInput<Name>>;

/** Of a choice, each of its variants. */
type TextOf<Input> = Input extends unknown ? { readonly [Key in keyof Input]: string } : never;

export interface PulseFunctionProps<Name extends FunctionName> {
  /** Its folder under `functions/`, whose bundle it runs. */
  readonly name: Name;
  readonly environment: Variables<Name>;
  /** Lie beside its bundle, by their names: what is too long for its environment. @default - none */
  readonly files?: Readonly<Record<string, string>>;
  readonly stage: StageSettings;
  /** Memory, and with it the share of a processor: a whole one at 1769. */
  readonly memoryMib: number;
  readonly timeout: Duration;
  /** @default - a role of its own that may write its log and its traces */
  readonly role?: IRole;
  /** The most instances that may run at once, kept free for it. @default - shares the account's */
  readonly reservedConcurrency?: number;
  /** Why calls that failed for good need no dead-letter place. @default - nothing calls it asynchronously */
  readonly withoutFailurePlace?: string;
}

const CALLED_AND_WAITED_FOR =
  "Nothing calls it asynchronously: HTTP and custom resources wait, streams have their own on-failure place.";

/** One folder under `functions/`, deployed: a role, a log and traces of its own. */
export class PulseFunction<Name extends FunctionName = FunctionName> extends LambdaFunction {
  /** Its folder under `functions/`. */
  readonly folder: Name;
  /** Whose rights it has. */
  readonly executionRole: IRole;

  constructor(scope: Construct, id: string, props: PulseFunctionProps<Name>) {
    const logGroup = new LogGroup(scope, `${id}Log`, {
      retention: props.stage.logRetention,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role =
      props.role ?? new Role(scope, `${id}Role`, { assumedBy: new ServicePrincipal("lambda.amazonaws.com") });
    logGroup.grantWrite(role);
    super(scope, id, {
      description: `Pulse: ${props.name}`,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      code: Code.fromAsset(
        props.files === undefined ? bundleFolder(props.name) : bundleFolderWith(props.name, props.files),
      ),
      handler: "index.handler",
      environment: { ...props.environment },
      memorySize: props.memoryMib,
      timeout: props.timeout,
      tracing: Tracing.ACTIVE,
      logGroup,
      role,
      ...(props.reservedConcurrency !== undefined && { reservedConcurrentExecutions: props.reservedConcurrency }),
    });
    this.folder = props.name;
    this.executionRole = role;
    Validations.of(role).acknowledge({
      id: "AwsSolutions-IAM5[Resource::*]",
      reason: "X-Ray's two actions for sending traces take no resource.",
    });
    const reason = props.withoutFailurePlace ?? CALLED_AND_WAITED_FOR;
    Validations.of(this).acknowledge(
      { id: "Serverless-LambdaDLQ", reason },
      { id: "Serverless-LambdaAsyncFailureDestination", reason },
    );
  }
}
