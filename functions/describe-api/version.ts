/** As in package.json (a test compares them): a bundle has no package.json beside it. */
export const VERSION = "0.1.0";
