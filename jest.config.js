/** Native ESM; types are stripped by Node itself (test/support/strip-types.js). */
export default {
  testEnvironment: "node",
  testMatch: ["<rootDir>/test/**/*.test.ts"],
  extensionsToTreatAsEsm: [".ts"],
  transform: { "\\.ts$": "<rootDir>/test/support/strip-types.js" },
  globalSetup: "<rootDir>/test/support/open-opensearch-broker.ts",
  globalTeardown: "<rootDir>/test/support/close-opensearch-broker.ts",
  modulePathIgnorePatterns: ["<rootDir>/dist/", "<rootDir>/cdk.out/"],
  testTimeout: 30_000,
  maxWorkers: 2,
};
