import { Duration, RemovalPolicy, Stack, Validations } from "aws-cdk-lib";
import { EbsDeviceVolumeType } from "aws-cdk-lib/aws-ec2";
import {
  AccountRootPrincipal,
  Grant,
  PolicyDocument,
  PolicyStatement,
  Role,
  ServicePrincipal,
} from "aws-cdk-lib/aws-iam";
import { LogGroup, ResourcePolicy } from "aws-cdk-lib/aws-logs";
import { type CfnDomain, Domain, EngineVersion, TLSSecurityPolicy } from "aws-cdk-lib/aws-opensearchservice";
import { Construct, DependencyGroup, type IDependable } from "constructs";
import { CustomResourceProvider } from "#lib/constructs/custom-resource-provider.ts";
import type { EventIndex } from "#lib/constructs/event-index.ts";
import {
  DASHBOARDS_PATH,
  DECLARE_TYPES,
  FORGET_SHARDS,
  GRANT,
  IndexAccess,
  type IndexRights,
  MANAGE_TEMPLATES,
  OPERATE,
  READ,
  REMOVE_DASHBOARDS,
  UPDATE_DASHBOARDS,
  WRITE,
} from "#lib/constructs/index-access.ts";
import { PulseFunction } from "#lib/constructs/pulse-function.ts";
import type { DomainSize, StageSettings } from "#lib/stage.ts";

export interface EventsDomainProps {
  /** Fixed, since the domain's own policy must name the domain. */
  readonly domainName: string;
  readonly stage: StageSettings;
  /** The IAM role that operators take on. @default - nobody but functions gets in */
  readonly operatorRoleArn?: string;
}

const DOMAIN = "domain";

const actionsOf = (methods: IndexRights["methods"]): string[] => methods.map((method) => `es:ESHttp${method}`);

/**
 * The OpenSearch domain, closed to everyone but those it was told to let in. Getting to it takes
 * IAM, doing something there takes a role inside it; both are granted together. Its master is a role
 * that only its own granting function has.
 */
export class EventsDomain extends Construct implements EventIndex {
  readonly environment: EventIndex["environment"];
  readonly domain: Domain;
  readonly dashboardsUrl: string;
  private readonly accessToken: string;
  private readonly domainName: string;

  constructor(scope: Construct, id: string, { domainName, stage, operatorRoleArn }: EventsDomainProps) {
    super(scope, id);
    this.domainName = domainName;
    const bootstrapRole = new Role(this, "BootstrapRole", {
      description: `Master of the OpenSearch domain ${domainName}: maps the roles of functions`,
      assumedBy: new ServicePrincipal("lambda.amazonaws.com"),
    });
    const logs = this.logsFor(stage);
    const domain = new Domain(this, "Domain", {
      domainName,
      // Pulse is tested on 3.4, which the service leaves out. Minor versions add: what works
      // on 3.4 is in 3.5, while 3.3 may lack it.
      version: EngineVersion.OPENSEARCH_3_5,
      capacity: capacityOf(stage.domain),
      zoneAwareness: zonesOf(stage.domain),
      ebs: { volumeSize: stage.domain.volumeGib, volumeType: EbsDeviceVolumeType.GP3 },
      enforceHttps: true,
      tlsSecurityPolicy: TLSSecurityPolicy.TLS_1_2_PFS,
      nodeToNodeEncryption: true,
      encryptionAtRest: { enabled: true },
      fineGrainedAccessControl: { masterUserArn: bootstrapRole.roleArn },
      logging: {
        slowSearchLogEnabled: true,
        slowSearchLogGroup: logs,
        slowIndexLogEnabled: true,
        slowIndexLogGroup: logs,
        auditLogEnabled: true,
        auditLogGroup: logs,
      },
      // CDK would install the permission to write logs by a custom resource.
      suppressLogsResourcePolicy: true,
      enableVersionUpgrade: true,
      removalPolicy: stage.removalPolicy,
    });
    domain.node.addDependency(this.allowLogging(logs));
    this.domain = domain;
    // Inlined: given to the L2, the policy is set by a custom resource after the domain is up, which at times fails
    // because its own permission has not spread yet.
    (domain.node.defaultChild as CfnDomain).accessPolicies = this.accessPolicy();
    this.environment = {
      PULSE_OPENSEARCH_URL: `https://${domain.domainEndpoint}`,
      PULSE_OPENSEARCH_AUTH: "sigv4",
    };
    this.dashboardsUrl = `https://${domain.domainEndpoint}${DASHBOARDS_PATH}`;

    const onEvent = new PulseFunction(this, "GrantIndexAccess", {
      name: "grant-index-access",
      environment: this.environment,
      stage,
      memoryMib: 256,
      timeout: Duration.minutes(4),
      role: bootstrapRole,
    });
    this.admit(onEvent, GRANT);
    this.accessToken = new CustomResourceProvider(this, "IndexAccess", { onEvent, stage }).serviceToken;
    if (operatorRoleArn !== undefined)
      new IndexAccess(this, "OperatorAccess", {
        serviceToken: this.accessToken,
        role: "pulse-operator",
        iamRoleArn: operatorRoleArn,
        permissions: OPERATE,
      });

    acknowledge(domain, stage.domain);
  }

  grantIndexRead(fn: PulseFunction): IDependable {
    return this.grant(fn, READ);
  }

  grantIndexWrite(fn: PulseFunction): IDependable {
    return this.grant(fn, WRITE);
  }

  grantForgetShards(fn: PulseFunction): IDependable {
    return this.grant(fn, FORGET_SHARDS);
  }

  grantUpdateDashboards(fn: PulseFunction): IDependable {
    const mayRemove = this.admit(fn, REMOVE_DASHBOARDS, DASHBOARDS_PATH);
    return new DependencyGroup(this.grant(fn, UPDATE_DASHBOARDS), mayRemove);
  }

  grantManageTemplates(fn: PulseFunction): IDependable {
    return this.grant(fn, MANAGE_TEMPLATES);
  }

  grantDeclareTypes(fn: PulseFunction): IDependable {
    return this.grant(fn, DECLARE_TYPES);
  }

  private grant(fn: PulseFunction, { methods, permissions }: IndexRights): IDependable {
    const access = new IndexAccess(fn, "IndexAccess", {
      serviceToken: this.accessToken,
      role: `pulse-${fn.folder}`,
      iamRoleArn: fn.executionRole.roleArn,
      permissions,
    });
    return new DependencyGroup(access, this.admit(fn, methods));
  }

  private admit(fn: PulseFunction, methods: IndexRights["methods"], below = ""): IDependable {
    Validations.of(fn.executionRole).acknowledge({
      id: `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:es:<AWS::Region>:<AWS::AccountId>:${DOMAIN}/${this.domainName}${below}/*]`,
      reason: "These are the paths of one domain; what may be done behind them, the function's role inside it says.",
    });
    return Grant.addToPrincipal({ grantee: fn, actions: actionsOf(methods), resourceArns: [this.pathsBelow(below)] });
  }

  /** By name: the domain's own attribute cannot stand in its own policy. */
  private pathsBelow(path: string): string {
    return Stack.of(this).formatArn({ service: "es", resource: DOMAIN, resourceName: `${this.domainName}${path}/*` });
  }

  private accessPolicy(): PolicyDocument {
    return new PolicyDocument({
      statements: [
        new PolicyStatement({
          principals: [new AccountRootPrincipal()],
          actions: actionsOf(["Delete", "Get", "Head", "Post", "Put"]),
          resources: [this.pathsBelow("")],
        }),
      ],
    });
  }

  private logsFor(stage: StageSettings): LogGroup {
    return new LogGroup(this, "Log", { retention: stage.logRetention, removalPolicy: RemovalPolicy.DESTROY });
  }

  private allowLogging(logs: LogGroup): ResourcePolicy {
    return new ResourcePolicy(this, "Logging", {
      policyStatements: [
        new PolicyStatement({
          principals: [new ServicePrincipal("es.amazonaws.com")],
          actions: ["logs:CreateLogStream", "logs:PutLogEvents"],
          resources: [logs.logGroupArn],
        }),
      ],
    });
  }
}

const capacityOf = ({ dataNodes, dataNodeInstanceType, managers }: DomainSize) => ({
  dataNodes,
  dataNodeInstanceType,
  ...(managers && { masterNodes: managers.nodes, masterNodeInstanceType: managers.instanceType }),
  // With standby every index must have two replicas; the templates ask for one, which three zones hold as well.
  multiAzWithStandbyEnabled: false,
});

const zonesOf = ({ dataNodes }: DomainSize) =>
  dataNodes > 1 ? { enabled: true, availabilityZoneCount: 3 } : { enabled: false };

function acknowledge(domain: Domain, { managers }: DomainSize): void {
  Validations.of(domain).acknowledge(
    { id: "AwsSolutions-OS1", reason: "Functions reach it from outside any VPC, signed; only granted roles get in." },
    { id: "AwsSolutions-OS3", reason: "Lambda has no fixed addresses to allow; IAM and roles tell callers apart." },
  );
  if (managers === undefined)
    Validations.of(domain).acknowledge(
      { id: "AwsSolutions-OS4", reason: "A stage of one node, which may be down." },
      { id: "AwsSolutions-OS7", reason: "A stage of one node, which may be down." },
    );
}
