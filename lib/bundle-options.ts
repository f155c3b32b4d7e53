import type { BuildOptions } from "esbuild";

/** How whatever Node 24 runs by itself is bundled. */
export const BUNDLE_OPTIONS = {
  bundle: true,
  metafile: true,
  format: "esm",
  platform: "node",
  target: "node24",
  // Of packages that have both, the ES modules: only those lose what is not used.
  mainFields: ["module", "main"],
  minify: true,
  legalComments: "none",
  // CommonJS inside (opensearch-js) calls require; the name is long because minified code takes the short ones.
  banner: {
    js: 'import{createRequire as createRequireOfBundle}from"node:module";const require=createRequireOfBundle(import.meta.url);',
  },
} as const satisfies BuildOptions;
