import type { Artifact, ArtifactKey } from "#core/artifacts/artifact.ts";
import { isAmong, isNoneOf } from "#core/artifacts/artifact-state.ts";
import type { ArtifactChange, ArtifactStore, Changed, Precondition } from "#core/artifacts/artifact-store.ts";
import { parseSource } from "#core/artifacts/read-source.ts";
import { type Fault, invalidInput, PulseError } from "#core/errors.ts";
import type { EventTypeDeclaration } from "#core/events/event-types.ts";
import { faultsOfChange, together } from "#core/events/type-changes.ts";
import { readTypeDeclaration } from "#core/events/type-declaration.ts";
import type { TypeRegister } from "#core/events/type-register.ts";
import { DEFAULT_NAMESPACE } from "#core/namespaces.ts";

/** Opened when the first declaration comes: what keeps artifacts of other kinds needs none. */
type OpenRegister = () => Promise<TypeRegister>;

/**
 * A store of artifacts in which a change of an `event-types` artifact declares the type: it is checked against
 * what is in force and what events there are, made, and in force when it is answered. A change that was made
 * before is put in force again, so that one whose answer was an error can be repeated. A deletion takes the
 * text away, and leaves in force what it said.
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
      // Somebody else was quicker: what they declared may not bear this.
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

/** What was declared last may not be in force yet: its writer may have been killed in between. */
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

/** What the caller asks for, and that nothing has changed since it was looked at. */
function alsoStill(present: Artifact | undefined, when: Precondition): Precondition {
  if (!holds(when, present)) return when;
  return present === undefined ? { ...when, noneOf: "any" } : { ...when, among: [present.version] };
}

const holds = (when: Precondition, artifact: Artifact | undefined): boolean =>
  isNoneOf(when, artifact) && isAmong(when, artifact);

const isAlready = ({ content }: TypeChange, artifact: Artifact | undefined): boolean =>
  content.source === artifact?.source && content.format === artifact.format;

const isSame = (one: Artifact | undefined, other: Artifact | undefined): boolean => one?.version === other?.version;
