import { App } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { type PulseProps, type PulseStacks, pulseStacks } from "#lib/pulse-stacks.ts";
import "#test/support/aws/built-functions.ts";

/** A stack trace of every construct costs five times the synth. */
export const WITHOUT_TRACES = { "aws:cdk:disable-stack-trace": true, "aws:cdk:disable-creation-stack-traces": true };

/** The templates of a whole deployment: of a `dev` stage guarded by IAM, unless told otherwise. */
export function deployment(props: Partial<PulseProps> = {}): Readonly<Record<keyof PulseStacks, Template>> {
  // CloudFormation's rules are another five times; nag.test.ts checks them.
  const app = new App({ context: WITHOUT_TRACES, builtinCloudFormationValidation: false });
  const stacks = pulseStacks(app, { stageName: "dev", auth: { kind: "iam" }, ...props });
  return {
    store: Template.fromStack(stacks.store),
    journal: Template.fromStack(stacks.journal),
    indexing: Template.fromStack(stacks.indexing),
    artifacts: Template.fromStack(stacks.artifacts),
    api: Template.fromStack(stacks.api),
    workflows: Template.fromStack(stacks.workflows),
    triggers: Template.fromStack(stacks.triggers),
    operations: Template.fromStack(stacks.operations),
  };
}

/** A resource of a template, as far as tests look at it. */
export interface Resource {
  readonly Type: string;
  readonly Properties: Readonly<Record<string, unknown>>;
  readonly DependsOn?: readonly string[];
  readonly DeletionPolicy?: string;
}

/** Every resource of a type, by its logical id. */
export const resourcesOf = (template: Template, type: string): Readonly<Record<string, Resource>> =>
  template.findResources(type) as Readonly<Record<string, Resource>>;

/** A statement of a policy, as far as tests look at it. */
interface Statement {
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
}

/** What a role of a template may do, by the beginning of its policy's logical id. */
export function statementsOf(template: Template, role: string): readonly Statement[] {
  const policies = Object.entries(resourcesOf(template, "AWS::IAM::Policy"));
  const [, policy] = policies.find(([id]) => id.startsWith(role)) ?? [];
  if (policy === undefined) throw new Error(`no policy of ${role} among ${policies.map(([id]) => id).join(", ")}`);
  return (policy.Properties.PolicyDocument as { readonly Statement: readonly Statement[] }).Statement;
}
