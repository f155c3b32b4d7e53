import { CustomResource, Duration } from "aws-cdk-lib";
import type { Construct } from "constructs";
import { checkpointIndex, DEFAULT_PREFIX, typeIndex } from "#stores/opensearch/index-names.ts";

/** What a function may do with the indices: by which HTTP methods, and in the words of OpenSearch's security plugin. */
export interface IndexRights {
  readonly methods: readonly ("Delete" | "Get" | "Head" | "Post" | "Put")[];
  readonly permissions: {
    readonly cluster_permissions: readonly string[];
    readonly index_permissions: readonly {
      readonly index_patterns: readonly string[];
      readonly allowed_actions: readonly string[];
    }[];
    /** Of OpenSearch Dashboards. */
    readonly tenant_permissions?: readonly {
      readonly tenant_patterns: readonly string[];
      readonly allowed_actions: readonly string[];
    }[];
  };
}

/** The indices of events. */
const EVENTS = `${DEFAULT_PREFIX}.*`;
/** Those, and the ones that hold checkpoints and types. */
const EVERY_INDEX = [EVENTS, `${DEFAULT_PREFIX}_*`];

/** Searches, and reads documents by id. */
export const READ: IndexRights = {
  methods: ["Get", "Head", "Post"],
  permissions: {
    cluster_permissions: ["cluster_composite_ops_ro", "cluster:monitor/main"],
    index_permissions: [
      { index_patterns: EVERY_INDEX, allowed_actions: ["read", "indices:admin/get", "indices:monitor/settings/get"] },
    ],
  },
};

/** What it takes to create documents, the index of each where there is none, and to make them visible. */
const KEEP = [
  "create_index",
  "indices:admin/get",
  "indices:admin/mapping/put",
  "indices:admin/refresh*",
  "indices:data/read/get",
  "indices:data/read/mget*",
  "indices:data/read/search",
  "indices:data/write/bulk*",
  "indices:data/write/index",
  "indices:monitor/settings/get",
];

/** Creates documents, makes them visible and moves checkpoints; deletes nothing. */
export const WRITE: IndexRights = {
  methods: ["Get", "Head", "Post", "Put"],
  permissions: {
    cluster_permissions: ["cluster_composite_ops", "cluster:monitor/main", "indices:admin/index_template/get"],
    index_permissions: [{ index_patterns: EVERY_INDEX, allowed_actions: KEEP }],
  },
};

/** Reads checkpoints and removes some; touches no event. */
export const FORGET_SHARDS: IndexRights = {
  methods: ["Delete", "Get", "Post"],
  permissions: {
    cluster_permissions: ["cluster_composite_ops_ro"],
    index_permissions: [
      {
        index_patterns: [checkpointIndex(DEFAULT_PREFIX)],
        allowed_actions: [
          "read",
          "indices:monitor/settings/get",
          "indices:data/write/delete",
          "indices:data/write/bulk*",
        ],
      },
    ],
  },
};

/** Below it a domain serves OpenSearch Dashboards. */
export const DASHBOARDS_PATH = "/_dashboards";

/**
 * Searches events, and keeps the objects that all users of OpenSearch Dashboards share. What reaches its indices is
 * asked with the rights of its caller: they are those of the security plugin's `kibana_user`, "the minimum permissions
 * for a kibana user", on its saved objects.
 */
export const UPDATE_DASHBOARDS: IndexRights = {
  methods: ["Get", "Post"],
  permissions: {
    cluster_permissions: ["cluster_composite_ops", "cluster:monitor/main"],
    index_permissions: [
      { index_patterns: EVERY_INDEX, allowed_actions: ["read", "indices:admin/get", "indices:monitor/settings/get"] },
      {
        index_patterns: [".kibana", ".kibana_*", ".opensearch_dashboards", ".opensearch_dashboards_*"],
        allowed_actions: ["read", "delete", "manage", "index"],
      },
    ],
    tenant_permissions: [{ tenant_patterns: ["global_tenant"], allowed_actions: ["kibana_all_write"] }],
  },
};

/** What only OpenSearch Dashboards is asked for. */
export const REMOVE_DASHBOARDS: IndexRights["methods"] = ["Delete"];

/** What it takes to put a template, its retention, and what both add to indices that exist. */
const INSTALL_CLUSTER = [
  "cluster_monitor",
  "cluster_manage_index_templates",
  "cluster:admin/opendistro/ism/policy/get",
  "cluster:admin/opendistro/ism/policy/write",
  "cluster:admin/opendistro/ism/managedindex/add",
  "cluster:admin/opendistro/ism/managedindex/change",
  "cluster:admin/opendistro/ism/managedindex/explain",
];
const INSTALL_INDICES = ["create_index", "indices_monitor", "indices:admin/get", "indices:admin/mapping/put"];

/**
 * Of indices of events: a policy deletes with the rights of whoever put it. No role that has them can read an event, or
 * delete a single one.
 */
const RETAIN_INDICES = ["indices:admin/opensearch/ism/managedindex", "indices:admin/delete"];

/** Puts index templates and retention policies, and looks up what was declared of types; reads no event. */
export const MANAGE_TEMPLATES: IndexRights = {
  methods: ["Delete", "Get", "Head", "Post", "Put"],
  permissions: {
    cluster_permissions: INSTALL_CLUSTER,
    index_permissions: [
      { index_patterns: EVERY_INDEX, allowed_actions: INSTALL_INDICES },
      { index_patterns: [EVENTS], allowed_actions: RETAIN_INDICES },
      { index_patterns: [typeIndex(DEFAULT_PREFIX)], allowed_actions: ["indices:data/read/get"] },
    ],
  },
};

/** Declares types: the same, and writes down what was declared, which it reads with the places of types. */
export const DECLARE_TYPES: IndexRights = {
  methods: ["Get", "Head", "Post", "Put"],
  permissions: {
    cluster_permissions: [...INSTALL_CLUSTER, "cluster_composite_ops"],
    index_permissions: [
      { index_patterns: EVERY_INDEX, allowed_actions: INSTALL_INDICES },
      { index_patterns: [EVENTS], allowed_actions: RETAIN_INDICES },
      {
        index_patterns: [typeIndex(DEFAULT_PREFIX)],
        allowed_actions: [
          "indices:data/read/get",
          "indices:data/read/mget*",
          "indices:data/write/index",
          "indices:data/write/bulk*",
        ],
      },
    ],
  },
};

/** What an operator needs: to look at everything, to replay, and to delete an index of events that is made anew. */
export const OPERATE: IndexRights["permissions"] = {
  cluster_permissions: [
    "cluster_monitor",
    "cluster_composite_ops",
    "indices:admin/index_template/get",
    "cluster:admin/opendistro/ism/policy/get",
    "cluster:admin/opendistro/ism/managedindex/explain",
  ],
  index_permissions: [
    {
      index_patterns: EVERY_INDEX,
      allowed_actions: ["read", "indices_monitor", "indices:admin/get", "indices:admin/mappings/get"],
    },
    { index_patterns: [EVENTS, typeIndex(DEFAULT_PREFIX)], allowed_actions: KEEP },
    { index_patterns: [EVENTS], allowed_actions: ["indices:admin/delete"] },
  ],
};

/** Roles of the security plugin, and who has them. */
export const GRANT: IndexRights["methods"] = ["Delete", "Put"];

export interface IndexAccessProps {
  readonly serviceToken: string;
  /** Of the role inside OpenSearch. */
  readonly role: string;
  readonly iamRoleArn: string;
  readonly permissions: IndexRights["permissions"];
}

/**
 * A role inside OpenSearch and the mapping of one IAM role to it. Each function has its own: a mapping is always
 * replaced as a whole, so two owners of one would take turns in undoing each other's.
 */
export class IndexAccess extends CustomResource {
  constructor(scope: Construct, id: string, { serviceToken, role, iamRoleArn, permissions }: IndexAccessProps) {
    super(scope, id, {
      serviceToken,
      resourceType: "Custom::PulseIndexAccess",
      serviceTimeout: Duration.minutes(5),
      properties: { role, backendRole: iamRoleArn, permissions },
    });
  }
}
