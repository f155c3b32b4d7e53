import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { OpenSearchClientConfig } from "@aws-sdk/client-opensearch";

/** As much of the OpenSearch Service as tells of a domain. */
export interface TestOpenSearchService {
  readonly config: OpenSearchClientConfig & { readonly endpoint: string };
  close(): Promise<void>;
}

/** Describes one domain with what is given of its state; any other domain is not found. */
export async function openOpenSearchService(
  domainName: string,
  state: Readonly<Record<string, unknown>> = {},
): Promise<TestOpenSearchService> {
  const server = createServer((request, response) => {
    const isKnown = request.method === "GET" && request.url === `/2021-01-01/opensearch/domain/${domainName}`;
    const error = { message: `Domain not found: ${request.url?.split("/").at(-1)}` };
    response.writeHead(isKnown ? 200 : 409, {
      "content-type": "application/json",
      ...(!isKnown && { "x-amzn-errortype": "ResourceNotFoundException" }),
    });
    response.end(JSON.stringify(isKnown ? { DomainStatus: { ...WELL, DomainName: domainName, ...state } } : error));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    config: {
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      region: "eu-central-1",
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
    },
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

const WELL = {
  Created: true,
  Deleted: false,
  Processing: false,
  UpgradeProcessing: false,
  DomainProcessingStatus: "Active",
  EngineVersion: "OpenSearch_3.5",
  ClusterConfig: { InstanceType: "r7g.large.search", InstanceCount: 3 },
  EBSOptions: { EBSEnabled: true, VolumeType: "gp3", VolumeSize: 100 },
  ServiceSoftwareOptions: { UpdateAvailable: false, CurrentVersion: "OpenSearch_3_5_R20260901" },
};
