import type { Artifact, ArtifactKey } from "#core/artifacts/artifact.ts";
import { isAmong, isNoneOf } from "#core/artifacts/artifact-state.ts";
import type { ArtifactChange, ArtifactStore, Changed, Precondition } from "#core/artifacts/artifact-store.ts";
import { parseSource } from "#core/artifacts/read-source.ts";
import { type Fault, invalidInput, PulseError } from "#core/errors.ts";
import type { EventTypeDeclaration } from "#core/events/types/event-types.ts";
import { faultsOfChange, together } from "#core/events/types/type-changes.ts";
import { readTypeDeclaration } from "#core/events/types/type-declaration.ts";
import type { TypeRegister } from "#core/events/types/type-register.ts";
import { DEFAULT_NAMESPACE } from "#core/namespaces.ts";

/** Opened with the first declaration: a process that keeps only artifacts of other kinds needs no register. */
type OpenRegister = () => Promise<TypeRegister>;

/**
 * A store of artifacts in which putting an `event-types` artifact declares the type: the declaration is
 * checked against what is in force and what events there are, kept, and in force once it is answered.
 * Putting it again puts it in force again, so a caller whose answer was an error can retry. A deletion takes
 * the text away; what it declared stays in force.
 */
export const declaringTypes = (artifacts: ArtifactStore, register: OpenRegister): ArtifactStore => ({
  find: (key) => artifacts.find(key),
  list: (namespace, kind, page) => artifacts.list(namespace, kind, page),
  change: (change) =>
    change.kind === "event-types" && change.content !== undefined
      ? declareType({ ...change, content: change.content }, artifacts, register)
      : artifacts.change(change),
});

type TypeChange = ArtifactChange & Required<Pick<ArtifactChange, "content">>;

async function declareType(change: TypeChange, artifacts: ArtifactStore, open: OpenRegister): Promise<Changed> {
  requireDefaultNamespace(change);
  const declaration = await declarationIn({ ...change, ...change.content });
  const register = await open();
  for (;;) {
    const present = await artifacts.find(change);
    if (!holds(change.when, present) && !isAlready(change, present)) return { outcome: "conflict", artifact: present };
    await requireCompatible(declaration, present, register);
    const changed = await artifacts.change({ ...change, when: alsoStill(present, change.when) });
    if (changed.outcome === "conflict" && holds(change.when, changed.artifact) && !isSame(changed.artifact, present))
      // Another writer was first: check once more, against what they declared.
      continue;
    if (changed.outcome !== "conflict" && changed.outcome !== "deleted" && changed.artifact !== undefined)
      await register.declare(declaration, changed.artifact.version);
    return changed;
  }
}

function requireDefaultNamespace({ namespace, name }: ArtifactKey): void {
  if (namespace === DEFAULT_NAMESPACE) return;
  const detail = `types are declared for all namespaces at once, without one in the path: /artifacts/event-types/${name}`;
  throw invalidInput([{ pointer: "", detail }]);
}

const declarationIn = async ({
  name,
  source,
  format,
}: Pick<Artifact, "name" | "source" | "format">): Promise<EventTypeDeclaration> =>
  readTypeDeclaration(name, await parseSource(source, format));

/**
 * The artifact counts before what is in force: its writer may have been killed before it put the declaration in force.
 */
async function requireCompatible(
  declaration: EventTypeDeclaration,
  present: Artifact | undefined,
  register: TypeRegister,
): Promise<void> {
  const standing = await register.standing(declaration.name);
  const last = present && together(standing.deployed, await declarationIn(present));
  const faults = faultsOfChange(declaration, { ...standing, inForce: last ?? standing.inForce });
  if (faults.length > 0) throw incompatible(declaration.name, faults);
}

const incompatible = (type: string, faults: readonly Fault[]): PulseError =>
  new PulseError(
    "conflict",
    `${JSON.stringify(type)} cannot be declared so: ${faults.map(({ pointer, detail }) => `${pointer} ${detail}`.trim()).join("; ")}`,
    { faults },
  );

/** The caller's own precondition, and that the artifact is still the one that was checked. */
function alsoStill(present: Artifact | undefined, when: Precondition): Precondition {
  if (!holds(when, present)) return when;
  return present === undefined ? { ...when, noneOf: "any" } : { ...when, among: [present.version] };
}

const holds = (when: Precondition, artifact: Artifact | undefined): boolean =>
  isNoneOf(when, artifact) && isAmong(when, artifact);

const isAlready = ({ content }: TypeChange, artifact: Artifact | undefined): boolean =>
  content.source === artifact?.source && content.format === artifact.format;

const isSame = (one: Artifact | undefined, other: Artifact | undefined): boolean => one?.version === other?.version;
