import { existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { basename, dirname, join, relative } from "node:path";
import { build, type Metafile, type Plugin, stop } from "esbuild";

const ROOT = dirname(import.meta.dirname);
const BUNDLES = join(ROOT, "dist", "functions");

/** A built function. */
export interface Bundle {
  readonly name: string;
  readonly file: string;
  readonly bytes: number;
  /** The packages it takes from the runtime when it loads. */
  readonly fromRuntime: readonly string[];
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

/**
 * Bundles every `functions/<name>/lambda.ts` to `dist/functions/<name>/index.mjs`, in half a second. A file whose code
 * is unchanged is left alone and a changed one replaced at once, so runs side by side never see half a bundle.
 */
export async function bundleFunctions(): Promise<readonly Bundle[]> {
  const names = globSync("functions/*/lambda.ts", { cwd: ROOT }).map((file) => basename(dirname(file)));
  const { outputFiles, metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: names.map((name) => ({ in: `functions/${name}/lambda.ts`, out: `${name}/index` })),
    outdir: BUNDLES,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    write: false,
    metafile: true,
    format: "esm",
    platform: "node",
    target: "node24",
    minify: true,
    legalComments: "none",
    // The runtime has the SDK: leaving it out also keeps the signer's credential chain, never used here, from loading.
    external: ["@aws-sdk/*"],
    plugins: [withoutApiNamespaces],
    // CommonJS inside (opensearch-js) calls require; the name is long because minified code takes the short ones.
    banner: {
      js: 'import{createRequire as createRequireOfBundle}from"node:module";const require=createRequireOfBundle(import.meta.url);',
    },
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
      fromRuntime: imports.filter(isFromRuntime).map((imported) => imported.path),
    };
  });
}

const isFromRuntime = ({ external, path, kind }: Metafile["outputs"][string]["imports"][number]): boolean =>
  external === true && kind !== "dynamic-import" && !isBuiltin(path);

function replaceFile(path: string, contents: Uint8Array): void {
  if (existsSync(path) && readFileSync(path).equals(contents)) return;
  mkdirSync(dirname(path), { recursive: true });
  const unfinished = join(ROOT, "dist", `${basename(dirname(path))}.${process.pid}`);
  writeFileSync(unfinished, contents);
  renameSync(unfinished, path);
}

/**
 * Pulse speaks to OpenSearch through the transport alone. The client's 500 files of API methods are required when it
 * loads, so no tree shaking removes them: they are 180 KB and 12 ms of a cold start.
 */
const withoutApiNamespaces: Plugin = {
  name: "without-api-namespaces",
  setup: ({ onLoad }) => {
    onLoad({ filter: /@opensearch-project[\\/]opensearch[\\/]api[\\/]OpenSearchApi\.js$/ }, () => ({
      contents: "module.exports = class {};",
    }));
  },
};
