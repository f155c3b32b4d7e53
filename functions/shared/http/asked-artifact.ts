import { type ArtifactKey, type ArtifactKind, VAMP_KINDS } from "#core/artifacts/artifact.ts";
import { requireKind, requireName } from "#core/artifacts/artifact-name.ts";
import type { Precondition, Versions } from "#core/artifacts/artifact-store.ts";
import { invalidInput } from "#core/errors.ts";
import { noSuchPath } from "#functions/shared/http/no-such-path.ts";
import type { ApiRequest } from "#functions/shared/http/request.ts";

/** Whether the path is one that Vamp had: `/breeds/sava`. */
export const isVampPath = ({ route }: ApiRequest): boolean => route?.startsWith("/{kind}") ?? false;

/**
 * The kind in the path. Throws `not-found`. Vamp's paths have its own kinds alone: API Gateway hands on
 * any `/{kind}`, also what is no path at all.
 */
export function kindOf(request: ApiRequest): ArtifactKind {
  const asked = request.parameter("kind");
  if (!isVampPath(request)) return requireKind(asked);
  const kind = VAMP_KINDS.find((one) => one === asked);
  if (kind === undefined) throw noSuchPath(request.path);
  return kind;
}

/** The artifact in the path. Throws `not-found` for its kind, `invalid-input` for its name. */
export const artifactKeyOf = (request: ApiRequest): ArtifactKey => ({
  namespace: request.namespace,
  kind: kindOf(request),
  name: requireName(request.parameter("name")),
});

/** `If-Match` and `If-None-Match` (RFC 9110, section 13.1), whose tags are versions. Throws `invalid-input`. */
export function preconditionOf(request: ApiRequest): Precondition {
  const among = versionsIn(request, "if-match");
  const noneOf = versionsIn(request, "if-none-match");
  return { ...(among !== undefined && { among }), ...(noneOf !== undefined && { noneOf }) };
}

const ENTITY_TAG = /^(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"$/;
const VERSION = /^[1-9]\d{0,14}$/;

/**
 * A tag that is none of ours names no version. A weak one, as proxies make them, matches where no bytes are replaced.
 */
function versionsIn(request: ApiRequest, header: "if-match" | "if-none-match"): Versions | undefined {
  const sent = request.header(header)?.trim();
  if (sent === undefined) return undefined;
  if (sent === "*") return "any";
  const tags = sent.split(",").map((tag) => tag.trim());
  return tags.flatMap((tag) => {
    const match = ENTITY_TAG.exec(tag);
    if (match === null)
      throw invalidInput([
        { pointer: header, detail: `must be * or versions in quotation marks, "3", not ${sent.slice(0, 80)}` },
      ]);
    const [, weak, version = ""] = match;
    return VERSION.test(version) && !(weak && header === "if-match") ? [Number(version)] : [];
  });
}
