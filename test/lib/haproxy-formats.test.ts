import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { App, Stack } from "aws-cdk-lib";
import { Annotations, Match } from "aws-cdk-lib/assertions";
import { deployedFormats } from "#functions/shared/deployment/deployed-formats.ts";
import { readHaproxyFormats, toldOfFormats } from "#lib/haproxy-formats.ts";
import { pulseContext } from "#lib/pulse-context.ts";
import { deployment } from "#test/lib/deployment.ts";
import { temporaryFolder } from "#test/support/temporary-folder.ts";

const CONFIG = `
userlist operators
  user admin insecure-password sesame
frontend web
  mode http
  log 127.0.0.1:514 local0
  log-format "%ci says %ST"
`;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.remove());

function configOf(text: string): string {
  const file = join(folder.path, "haproxy.cfg");
  writeFileSync(file, text);
  return file;
}

const aStack = (): Stack => new Stack(new App({ builtinCloudFormationValidation: false }));

describe("the log-formats of gateways", () => {
  test("are read from the configurations that a deployment names, and nothing else of these goes into it", () => {
    const app = new App({ context: { auth: "iam", haproxyConfig: configOf(CONFIG), haproxyZone: "Europe/Berlin" } });

    const { haproxyFormats = [], haproxyZone } = pulseContext(app.node);
    const { environment, ...others } = toldOfFormats(haproxyFormats);

    expect(haproxyZone).toBe("Europe/Berlin");
    expect(environment).toEqual({ PULSE_HAPROXY_FORMATS_FILE: "haproxy-formats.json" });
    expect(JSON.stringify(others)).toContain("%ci says %ST");
    expect(JSON.stringify(others)).not.toMatch(/sesame|admin/);
  });

  test("come back from the function's file as they were read, those that HAProxy has by itself too", () => {
    const formats = readHaproxyFormats(aStack(), [
      configOf(`${CONFIG}  option httplog\n  capture request header Host len 9\n`),
    ]);
    const { files = {} } = toldOfFormats(formats);
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder.path, name), content);

    const [file] = Object.keys(files);

    expect(deployedFormats(file, folder.path)).toEqual(formats);
    expect(formats.map(({ format }) => format.name)).toContain("connerror");
  });

  test("that cannot be read are warned of, with file and line, and cost no other", () => {
    const stack = aStack();
    const file = configOf(`${CONFIG}frontend other\n  log 127.0.0.1:514 local0\n  log-format "%nonsense"\n`);

    const formats = readHaproxyFormats(stack, [file]);

    expect(formats.map(({ format }) => format.text)).toContain("%ci says %ST");
    Annotations.fromStack(stack).hasWarning("*", Match.stringLikeRegexp("haproxy\\.cfg:10: "));
  });

  test("of a file that is not there are no deployment's", () => {
    expect(() => readHaproxyFormats(aStack(), [join(folder.path, "none.cfg")])).toThrow(/none\.cfg/);
  });

  test("are told in no variable and no file where there are none", () => {
    expect(toldOfFormats()).toEqual({ environment: {} });
  });
});

test("a zone that is none is refused", () => {
  expect(() => deployment({ haproxyZone: "Berlin" })).toThrow('"Berlin" is no time zone');
});
