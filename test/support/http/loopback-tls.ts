/**
 * A certificate of loopback and of the names below `address.test`, which nobody has; signed by itself, valid from 2020
 * to 2120; its key is no secret.
 */
export const LOOPBACK_TLS = {
  cert: `-----BEGIN CERTIFICATE-----
MIIBizCCATGgAwIBAgIBAjAKBggqhkjOPQQDAjAeMRwwGgYDVQQDDBNsb29wYmFj
aywgZm9yIHRlc3RzMCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAwMTAxMDAwMDAwWjAe
MRwwGgYDVQQDDBNsb29wYmFjaywgZm9yIHRlc3RzMFkwEwYHKoZIzj0CAQYIKoZI
zj0DAQcDQgAEnHL10vg1ZlaPL3/qb2k7Pq65OnzBPyWLAKkJq42L/9YwJzil6bAU
k3wB//XAso75d6EAnOHoZJ2qjcGJyc7hp6NeMFwwKgYDVR0RBCMwIYIJbG9jYWxo
b3N0hwR/AAABgg4qLmFkZHJlc3MudGVzdDAPBgNVHRMBAf8EBTADAQH/MB0GA1Ud
DgQWBBRY3IfRYXhH8A703NgWaXAwkyLBeTAKBggqhkjOPQQDAgNIADBFAiEArT8m
/eL6aeXHMbAtMQTxAnkLMy2uJknMkSrtMRWRBa0CIAsGyJEuNmjQcZyqg7BzJqE3
tXU5J0EcXZd5JQXqECqn
-----END CERTIFICATE-----
`,
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgZOa1F6jjN1heMktm
hj3KiOyyVMWDa4keOXjNY3Dq/CihRANCAASccvXS+DVmVo8vf+pvaTs+rrk6fME/
JYsAqQmrjYv/1jAnOKXpsBSTfAH/9cCyjvl3oQCc4ehknaqNwYnJzuGn
-----END PRIVATE KEY-----
`,
};
