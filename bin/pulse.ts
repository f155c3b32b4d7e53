import { App, Validations } from "aws-cdk-lib";
import { AwsSolutionsChecks, ServerlessChecks } from "cdk-nag";
import { bundleFunctions } from "#lib/bundles.ts";
import { pulseContext } from "#lib/pulse-context.ts";
import { pulseStacks } from "#lib/pulse-stacks.ts";

await bundleFunctions();

const app = new App();
pulseStacks(app, pulseContext(app.node));
Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new ServerlessChecks(app));
app.synth();
