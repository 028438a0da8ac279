import type { ManifestObject } from '../../../../src/lab/cluster/index.ts';
import { CLIENT_LABEL } from '../move/index.ts';
import { type ConformanceTest, readTest } from '../data/index.ts';

/**
 * A test of our own in the suite's form, for features that the shared data has none of: written from the texts of the CRDs.
 * `json` is what a file of `expectations/` would hold.
 */
export interface OwnTest {
  readonly test: ConformanceTest;
  readonly objects: readonly ManifestObject[];
}

const API = 'gateway.networking.k8s.io/v1';
const MESH = 'gateway-conformance-mesh';
const INFRA = 'gateway-conformance-infra';

/** Clients that are pods of the data's own manifests, or the one that every namespace has. */
const CLIENTS = {
  [MESH]: { namespace: MESH, labels: 'app=echo,version=v1' },
  [INFRA]: { namespace: INFRA, labels: `${CLIENT_LABEL}=true` },
} as const;

interface OwnTestParts {
  readonly name: string;
  readonly features: readonly string[];
  readonly namespace: keyof typeof CLIENTS;
  readonly objects: readonly ManifestObject[];
  readonly cases: readonly object[];
  readonly distribution?: object;
  readonly statusAssertions?: readonly object[];
}

export function ownTest(parts: OwnTestParts): OwnTest {
  const { name, features, namespace, objects, cases, distribution, statusAssertions = [] } = parts;
  const json = {
    test: name,
    profile: 'mesh',
    features,
    support: 'extended',
    manifests: [],
    client: CLIENTS[namespace],
    cases,
    statusAssertions,
    ...(distribution !== undefined && { distribution }),
  };
  return { test: readTest(json), objects };
}

/** A route of a service of the data's manifests. */
export function route(
  namespace: keyof typeof CLIENTS,
  parent: string,
  rules: readonly object[],
  more: {
    readonly name?: string;
    readonly kind?: string;
    readonly port?: number;
    readonly created?: string;
  } = {},
): ManifestObject {
  const { name = `own-${parent}`, kind = 'HTTPRoute', port } = more;
  return {
    apiVersion: API,
    kind,
    metadata: { name, namespace, ...(more.created !== undefined && { creationTimestamp: more.created }) },
    spec: {
      parentRefs: [{ group: '', kind: 'Service', name: parent, ...(port !== undefined && { port }) }],
      rules,
    },
  };
}

/** A backend of the mesh manifests, or one of the infra manifests. */
export const MESH_BACKEND = (version: 1 | 2, more: object = {}): object => ({
  name: `echo-v${version}`,
  port: 80,
  ...more,
});
export const INFRA_BACKEND = (version: 1 | 2 | 3, more: object = {}): object => ({
  name: `infra-backend-v${version}`,
  port: 8080,
  ...more,
});

/** A GET of the service `echo`, or of another host. */
export function get(path: string, more: object = {}): object {
  return { protocol: 'HTTP', method: 'GET', path, host: 'echo', ...more };
}

/** An answer of the backend that is named, which saw the request so. */
export function reaches(backend: string, sees: object = {}, more: object = {}): object {
  return { status: [200], backend, backendSees: { host: null, path: null, method: null, ...sees }, ...more };
}

export function answers(status: number, more: object = {}): object {
  return { status: [status], backend: null, namespace: null, ...more };
}
