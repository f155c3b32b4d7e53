import { hash } from "node:crypto";
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { basename, dirname, join, relative } from "node:path";
import { build, type Metafile, stop } from "esbuild";
import { BUNDLE_OPTIONS } from "#lib/bundle-options.ts";
import { withoutUnreached } from "#lib/without-unreached.ts";

const ROOT = dirname(import.meta.dirname);
const BUNDLES = join(ROOT, "dist", "functions");

/** A built function. */
export interface Bundle {
  readonly name: string;
  readonly file: string;
  readonly bytes: number;
  /** The packages it takes from the runtime when it loads. */
  readonly fromRuntime: readonly string[];
  /** The source files it runs when it loads: those that are reached without an `import()`. */
  readonly atStart: readonly string[];
}

/** The folder that holds a function's bundle, as an asset of a deployment. Throws when it was not built. */
export function bundleFolder(name: string): string {
  const folder = join(BUNDLES, name);
  if (!existsSync(join(folder, "index.mjs")))
    throw new Error(
      `functions/${name} has no bundle: run \`npm run build\`, which bundles every functions/*/lambda.ts`,
    );
  return folder;
}

/** Tells one content of a function's bundle from another. */
export const bundleHash = (name: string): string =>
  hash("sha256", readFileSync(join(bundleFolder(name), "index.mjs"), "utf8")).slice(0, 12);

/** The same with files of a deployment's own beside the bundle, by their names: a folder for each content. */
export function bundleFolderWith(name: string, files: Readonly<Record<string, string>>): string {
  const bundle = readFileSync(join(bundleFolder(name), "index.mjs"), "utf8");
  const contents = Object.entries({ "index.mjs": bundle, ...files });
  const folder = join(ROOT, "dist", "deployed", `${name}-${hash("sha256", JSON.stringify(contents)).slice(0, 12)}`);
  for (const [file, content] of contents) replaceFile(join(folder, file), Buffer.from(content));
  return folder;
}

/**
 * Bundles every `functions/<name>/lambda.ts` to `dist/functions/<name>/index.mjs`, in half a second. A file whose code
 * is unchanged is left alone and a changed one replaced at once, so runs side by side never see half a bundle.
 */
export async function bundleFunctions(): Promise<readonly Bundle[]> {
  const names = globSync("functions/*/lambda.ts", { cwd: ROOT }).map((file) => basename(dirname(file)));
  const { outputFiles, metafile } = await build({
    ...BUNDLE_OPTIONS,
    absWorkingDir: ROOT,
    entryPoints: names.map((name) => ({ in: `functions/${name}/lambda.ts`, out: `${name}/index` })),
    outdir: BUNDLES,
    outExtension: { ".js": ".mjs" },
    write: false,
    // The runtime has the SDK: leaving it out also keeps the signer's credential chain, never used here, from loading.
    external: ["@aws-sdk/*"],
    plugins: [withoutUnreached],
  });
  // Its service would keep a test's worker from ending.
  await stop();
  for (const stale of globSync("*", { cwd: BUNDLES })) {
    if (!names.includes(stale)) rmSync(join(BUNDLES, stale), { recursive: true });
  }
  return outputFiles.map(({ path, contents }) => {
    replaceFile(path, contents);
    const imports = metafile.outputs[relative(ROOT, path)]?.imports ?? [];
    return {
      name: basename(dirname(path)),
      file: path,
      bytes: contents.byteLength,
      fromRuntime: [...new Set(imports.filter(isFromRuntime).map((imported) => imported.path))],
      atStart: reachedAtStart(`functions/${basename(dirname(path))}/lambda.ts`, metafile),
    };
  });
}

const isFromRuntime = ({ external, path, kind }: Metafile["outputs"][string]["imports"][number]): boolean =>
  external === true && kind !== "dynamic-import" && !isBuiltin(path);

function reachedAtStart(entry: string, { inputs }: Metafile): readonly string[] {
  const reached = new Set([entry]);
  // Going through a set also meets what is added on the way.
  for (const file of reached)
    for (const { path, kind } of inputs[file]?.imports ?? []) if (kind !== "dynamic-import") reached.add(path);
  return [...reached];
}

function replaceFile(path: string, contents: Uint8Array): void {
  if (existsSync(path) && readFileSync(path).equals(contents)) return;
  mkdirSync(dirname(path), { recursive: true });
  const unfinished = join(ROOT, "dist", `${basename(dirname(path))}.${process.pid}`);
  writeFileSync(unfinished, contents);
  renameSync(unfinished, path);
}
