import { isNode, isScalar, LineCounter, type Node, parseDocument, visit, type YAMLError } from "yaml";
import { type Fault, invalidInput } from "#core/errors.ts";
import { quote } from "#core/faults.ts";

const MAX_FAULTS = 20;

const CORE_TAGS = new Set(
  ["map", "seq", "str", "null", "bool", "int", "float"].map((name) => `tag:yaml.org,2002:${name}`),
);

/** The library reports its own stack overflow as a fault of the text. */
const STACK_OVERFLOW = /call stack/;

/**
 * What YAML 1.2 says, of one document of plain data. Throws `invalid-input` with every fault and its line:
 * what is no YAML, a key twice, further documents, tags beyond the core schema, other versions, and aliases,
 * by which a page of text becomes gigabytes.
 */
export function parseYaml(source: string): unknown {
  try {
    return parse(source);
  } catch (error) {
    if (error instanceof RangeError) throw refused(["is nested too deep"]);
    throw error;
  }
}

function parse(source: string): unknown {
  const lines = new LineCounter();
  // The library compares each key with each other one of its map: for 20,000 of them, 18 seconds instead of 2.
  const document = parseDocument(source, {
    version: "1.2",
    schema: "core",
    uniqueKeys: false,
    prettyErrors: false,
    lineCounter: lines,
  });
  if (document.errors.some(({ message }) => STACK_OVERFLOW.test(message))) throw refused(["is nested too deep"]);
  const at = (offset: number, detail: string): string => {
    const { line, col } = lines.linePos(offset);
    return `${detail} (line ${line}, column ${col})`;
  };
  const untaken = document.warnings.filter(({ code }) => code !== "TAG_RESOLVE_FAILED");
  const faults = [...document.errors, ...untaken].map((error) => at(error.pos[0], sentenceOf(error)));
  const { yaml } = document.directives ?? {};
  if (yaml?.explicit && yaml.version !== "1.2") faults.push(`is YAML ${yaml.version}, only 1.2 is taken`);
  const refuse = (node: Node, detail: string): void => void faults.push(at(node.range?.[0] ?? 0, detail));
  const checkTag = (node: Node): void => {
    if (node.tag !== undefined && !CORE_TAGS.has(node.tag)) refuse(node, `has the tag ${node.tag}, which is not taken`);
  };
  visit(document, {
    Alias: (_, node) => refuse(node, `has the alias *${node.source}: write out what it stands for`),
    Scalar: (_, node) => checkTag(node),
    Seq: (_, node) => checkTag(node),
    Map: (_, node) => {
      checkTag(node);
      const keys = new Set<string>();
      for (const { key } of node.items) {
        if (!isScalar(key)) refuse(isNode(key) ? key : node, "has a key that is no plain value");
        else if (keys.has(String(key.value))) refuse(key, `has the key ${quote(String(key.value))} twice`);
        else keys.add(String(key.value));
      }
    },
  });
  if (faults.length > 0) throw refused(faults);
  return document.toJS({ maxAliasCount: 0 });
}

const sentenceOf = ({ code, message }: YAMLError): string =>
  code === "MULTIPLE_DOCS" ? "holds more than one document" : `is not YAML: ${message.split("\n")[0]}`;

function refused(details: readonly string[]): Error {
  const faults: Fault[] = details.slice(0, MAX_FAULTS).map((detail) => ({ pointer: "", detail }));
  const left = details.length - MAX_FAULTS;
  return invalidInput(left > 0 ? [...faults, { pointer: "", detail: `has ${left} faults more` }] : faults);
}
