import { stripTypeScriptTypes } from "node:module";

/** Jest's transformer: what Node does with a .ts file by itself. */
export default {
  process: (source) => ({ code: stripTypeScriptTypes(source) }),
};
