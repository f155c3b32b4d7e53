import { readdirSync, readFileSync, realpathSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";

import { OpenSearchUnavailable } from "#dev/opensearch-unavailable.ts";

const OLDEST_JAVA = 21;

export interface Java {
  readonly home: string;
  readonly version: number;
  /** Names of the modules it carries; a cut-down runtime lacks some. */
  readonly modules: readonly string[];
}

/**
 * A Java new enough for OpenSearch: the one PULSE_JAVA_HOME names, else JAVA_HOME's, the PATH's or an installed one.
 */
export function findJava(environment: NodeJS.ProcessEnv = process.env): Java {
  const named = environment.PULSE_JAVA_HOME;
  const homes = named ? [named] : [environment.JAVA_HOME, javaOfPath(environment.PATH), ...installedHomes()];
  const found = homes.map(readJava).filter((java) => java !== undefined);
  const java = found.find(({ version }) => version >= OLDEST_JAVA);
  if (java !== undefined) return java;
  const seen = found.map(({ home, version }) => `${home} is ${version}`).join(", ");
  throw new OpenSearchUnavailable(
    `it needs Java ${OLDEST_JAVA} or newer, and there is ${seen || (named ? `none in ${named}` : "none")}; ` +
      "install one, or set PULSE_JAVA_HOME to its folder",
  );
}

/** What the `release` file of a Java home says; undefined where there is none. */
function readJava(home: string | undefined): Java | undefined {
  const release = home && readIfThere(join(home, "release"));
  const version = release && /^JAVA_VERSION="(\d+)/m.exec(release);
  if (!home || !version) return undefined;
  return { home, version: Number(version[1]), modules: /^MODULES="([^"]*)"/m.exec(release)?.[1]?.split(" ") ?? [] };
}

function javaOfPath(path = ""): string | undefined {
  for (const folder of path.split(delimiter)) {
    try {
      return dirname(dirname(realpathSync(join(folder, "java"))));
    } catch {
      // Not in this folder.
    }
  }
  return undefined;
}

const installedHomes = (): string[] => [
  ...foldersIn("/usr/lib/jvm"),
  ...foldersIn("/opt"),
  ...foldersIn(join(homedir(), ".sdkman/candidates/java")),
  ...foldersIn("/Library/Java/JavaVirtualMachines").map((folder) => join(folder, "Contents/Home")),
  ...foldersIn("/opt/homebrew/opt").map((folder) => join(folder, "libexec/openjdk.jdk/Contents/Home")),
];

function foldersIn(folder: string): string[] {
  try {
    return readdirSync(folder).map((name) => join(folder, name));
  } catch {
    return [];
  }
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
