import type { Plugin } from "esbuild";

const EMPTY_CLASS = "module.exports = class {};";

/**
 * Pulse speaks to OpenSearch through the client's transport alone, but the client requires all it has when it loads, so
 * no tree shaking removes the rest: 230 KB and 30 ms of a cold start. Each of these parts has what stands in for it.
 */
const UNREACHED: readonly { readonly file: RegExp; readonly contents: string }[] = [
  // 500 files of API methods.
  { file: /@opensearch-project[\\/]opensearch[\\/]api[\\/]OpenSearchApi\.js$/, contents: EMPTY_CLASS },
  { file: /@opensearch-project[\\/]opensearch[\\/]lib[\\/]Helpers\.js$/, contents: EMPTY_CLASS },
  // For the setting `proxy`.
  { file: /@opensearch-project[\\/]opensearch[\\/]lib[\\/]ProxyAgent\.js$/, contents: "module.exports = {};" },
  // A JSON parser for `enableLongNumeralSupport`.
  { file: /node_modules[\\/]json11[\\/]/, contents: "module.exports = {};" },
  // What `DEBUG=opensearch` would print.
  { file: /node_modules[\\/]debug[\\/]/, contents: "module.exports = () => () => {};" },
];

interface StandIn {
  /** Who asks for it. @default - anyone */
  readonly importer?: RegExp;
  readonly contents: string;
}

const OPENSEARCH = /@opensearch-project[\\/]opensearch[\\/]/;

/** Modules of Node that the runtime has not loaded, and that take time to load (4 ms and 6 ms) for nothing. */
const UNREACHED_OF_NODE: Readonly<Record<string, StandIn>> = {
  // Of settings that Pulse does not make.
  assert: {
    importer: OPENSEARCH,
    contents: "module.exports = (holds, message) => { if (!holds) throw new Error(message); };",
  },
  // For the setting `memoryCircuitBreaker`.
  v8: { importer: OPENSEARCH, contents: "exports.getHeapStatistics = () => ({ heap_size_limit: Infinity });" },
  // OpenSearch compresses only for who asks it to.
  zlib: { importer: OPENSEARCH, contents: 'exports.unzip = (...given) => require("node:zlib").unzip(...given);' },
  // middy asks of a streamed body whether it is a web stream, which Pulse's never is.
  "node:stream/web": { contents: "export class ReadableStream {}" },
};

const NAMESPACE = "unreached";

/** Leaves out of bundles what the libraries load and Pulse never reaches. */
export const withoutUnreached: Plugin = {
  name: "without-unreached",
  setup: ({ onLoad, onResolve }) => {
    for (const { file, contents } of UNREACHED) onLoad({ filter: file }, () => ({ contents }));
    onResolve({ filter: new RegExp(`^(${Object.keys(UNREACHED_OF_NODE).join("|")})$`) }, ({ path, importer }) =>
      UNREACHED_OF_NODE[path]?.importer?.test(importer) === false ? undefined : { path, namespace: NAMESPACE },
    );
    onLoad({ filter: /./, namespace: NAMESPACE }, ({ path }) => ({
      contents: UNREACHED_OF_NODE[path]?.contents ?? "",
    }));
  },
};
