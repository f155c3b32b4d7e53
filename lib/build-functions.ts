import { bundleFunctions } from "#lib/bundles.ts";

for (const { name, bytes } of await bundleFunctions()) console.log(`${name}: ${Math.ceil(bytes / 1024)} KB`);
