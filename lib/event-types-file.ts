import { readFileSync } from "node:fs";
import { PulseError } from "#core/errors.ts";
import { DEFAULT_EVENT_TYPES, type EventTypeDeclaration } from "#core/events/types/event-types.ts";
import { allTogether } from "#core/events/types/type-changes.ts";
import { readTypeDeclaration } from "#core/events/types/type-declaration.ts";

/**
 * The types of a deployment, those of a JSON file among them: a list of declarations as their artifacts say
 * them, each with its name. Of a default type period and retention are the file's. Throws an error that
 * names the file and all that is wrong with it.
 */
export function readEventTypes(file: string): readonly EventTypeDeclaration[] {
  const refuse = (faults: readonly string[]): never => {
    throw new Error(`-c eventTypes=${file}: ${faults.join("; ")}`);
  };
  const list = jsonOf(file, refuse);
  if (!Array.isArray(list)) return refuse(["it holds no list of declarations"]);
  const faults: string[] = [];
  const own = list.flatMap((source: { readonly name?: unknown } | null, index) => {
    try {
      return [readTypeDeclaration(String(source?.name ?? ""), source)];
    } catch (error) {
      if (!(error instanceof PulseError)) throw error;
      faults.push(`/${index} ${error.message}`);
      return [];
    }
  });
  const twice = own.filter(({ name }, index) => own.findIndex((type) => type.name === name) !== index);
  faults.push(...twice.map(({ name }) => `${JSON.stringify(name)} is declared twice`));
  return faults.length > 0 ? refuse(faults) : allTogether(DEFAULT_EVENT_TYPES, own);
}

function jsonOf(file: string, refuse: (faults: readonly string[]) => never): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    return refuse([(error as Error).message]);
  }
}
