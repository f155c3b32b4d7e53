import { App } from "aws-cdk-lib";
import type { EventTypeDeclaration } from "#core/events/types/event-types.ts";
import { pulseContext } from "#lib/pulse-context.ts";
import { pulseStacks } from "#lib/pulse-stacks.ts";
import { WITHOUT_TRACES } from "#test/lib/deployment.ts";

/*
 * The stacks as somebody deploys them from a CDK app of their own, with their own event types: the declarations are in
 * the context `ownEventTypes`, as JSON.
 */
const app = new App({ context: WITHOUT_TRACES, builtinCloudFormationValidation: false });
const eventTypes: readonly EventTypeDeclaration[] = JSON.parse(app.node.getContext("ownEventTypes"));
pulseStacks(app, { ...pulseContext(app.node), eventTypes });
app.synth();
