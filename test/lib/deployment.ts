import { App } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { type PulseProps, type PulseStacks, pulseStacks } from "#lib/pulse-stacks.ts";
import "#test/support/built-functions.ts";

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
    api: Template.fromStack(stacks.api),
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
