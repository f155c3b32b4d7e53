import { globSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

interface Template {
  readonly Resources: Record<
    string,
    { readonly Type: string; readonly Properties: { PolicyDocument?: PolicyDocument } }
  >;
}

interface PolicyDocument {
  readonly Statement: readonly { Action: string | string[] }[];
}

const ONE = "sqs:SendMessage";
const MANY = "sqs:SendMessageBatch";

/**
 * In AWS who may send a message to a queue may send a batch of them, and there is no action of that name. The emulator
 * asks for one: in the synthesised templates each role that has the first right gets the second.
 */
export async function grantBatches(assembly: string): Promise<void> {
  for (const name of globSync("*.template.json", { cwd: assembly })) {
    const file = join(assembly, name);
    const template = JSON.parse(await readFile(file, "utf8")) as Template;
    for (const { Type, Properties } of Object.values(template.Resources)) {
      if (Type !== "AWS::IAM::Policy") continue;
      for (const statement of Properties.PolicyDocument?.Statement ?? [])
        if ([statement.Action].flat().includes(ONE)) statement.Action = [...[statement.Action].flat(), MANY];
    }
    await writeFile(file, JSON.stringify(template));
  }
}
