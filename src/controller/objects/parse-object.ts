import { ControllerError } from '../errors.ts';
import { type ConfigMapObject, parseConfigMap } from './kubernetes/config-map.ts';
import { type DeploymentObject, parseDeployment } from './kubernetes/deployment.ts';
import { type EndpointSliceObject, parseEndpointSlice } from './kubernetes/endpoint-slice.ts';
import {
  createField,
  type Field,
  type FieldIssue,
  type FieldOptions,
  formatFieldPath,
  UNKNOWN_FIELD,
} from './fields/index.ts';
import { type NamespaceObject, parseNamespace } from './kubernetes/namespace.ts';
import { type NodeObject, parseNode } from './kubernetes/node.ts';
import {
  type GatewayClassObject,
  type GatewayObject,
  type GrpcRouteObject,
  type HttpRouteObject,
  parseGateway,
  parseGatewayClass,
  parseGrpcRoute,
  parseHttpRoute,
  parseReferenceGrant,
  parseTcpRoute,
  parseTlsRoute,
  type ReferenceGrantObject,
  parseXBackendTrafficPolicy,
  type StreamRouteObject,
  type XBackendTrafficPolicyObject,
} from './gateway-api/index.ts';
import {
  type FaultInjectionObject,
  type FilterObject,
  parseFaultInjection,
  parseFilter,
  parseRateLimit,
  parseTrafficPolicy,
  type RateLimitObject,
  type TrafficPolicyObject,
} from './nodemesh/index.ts';
import { type PodObject, parsePod } from './kubernetes/pod.ts';
import { parseService, type ServiceObject } from './kubernetes/service.ts';
import { parseServiceAccount, type ServiceAccountObject } from './kubernetes/service-account.ts';
import {
  type AuthorizationPolicyObject,
  type PeerAuthenticationObject,
  parseAuthorizationPolicy,
  parsePeerAuthentication,
  parseRequestAuthentication,
  type RequestAuthenticationObject,
} from './security/index.ts';
import { parseTelemetry, type TelemetryObject } from './telemetry/index.ts';

/** Every kind of object that the mesh reads. */
export type MeshObject =
  | NamespaceObject
  | PodObject
  | ServiceAccountObject
  | ServiceObject
  | EndpointSliceObject
  | NodeObject
  | ConfigMapObject
  | DeploymentObject
  | GatewayClassObject
  | GatewayObject
  | HttpRouteObject
  | GrpcRouteObject
  | StreamRouteObject
  | ReferenceGrantObject
  | AuthorizationPolicyObject
  | PeerAuthenticationObject
  | RequestAuthenticationObject
  | TelemetryObject
  | RateLimitObject
  | FaultInjectionObject
  | FilterObject
  | TrafficPolicyObject
  | XBackendTrafficPolicyObject;

/** The kinds that the mesh reads. */
export type ObjectKind = MeshObject['kind'];

/** An object with what is wrong about it. */
export interface ParsedObject<T extends MeshObject = MeshObject> {
  readonly object: T;
  /** Empty: the object follows its schema. */
  readonly issues: readonly FieldIssue[];
  /** Unknown fields, passed over as an API server would have dropped them, and what was most likely not meant so. */
  readonly notices: readonly FieldIssue[];
}

/** The kind that `value` claims to be, or undefined when it is none that the mesh reads. */
export function objectKindOf(value: unknown): ObjectKind | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { kind, apiVersion } = value as { readonly kind?: unknown; readonly apiVersion?: unknown };
  if (typeof kind !== 'string' || !Object.hasOwn(KINDS, kind)) return undefined;
  const known = kind as ObjectKind;
  return KINDS[known].apiVersions.some((version) => version === apiVersion) ? known : undefined;
}

/** The versions in which objects of a kind are read; undefined for a kind that the mesh does not read. */
export function apiVersionsOf(kind: string): readonly string[] | undefined {
  return Object.hasOwn(KINDS, kind) ? KINDS[kind as ObjectKind].apiVersions : undefined;
}

/**
 * Reads an untyped object of a kind that `objectKindOf` knew. Whatever is wrong with it is in `issues`; the object beside
 * them is then only good for its name and for what could be read. An absent namespace becomes `defaultNamespace`.
 */
export function inspectObject(kind: ObjectKind, value: unknown, defaultNamespace = 'default'): ParsedObject {
  const issues: FieldIssue[] = [];
  const notices: FieldIssue[] = [];
  const { parse, options, prunes = false } = KINDS[kind];
  const field = createField(value, issues, prunes ? { ...options, notices } : options);
  const object = parse(field, defaultNamespace);
  return { object, issues, notices };
}

/** `inspectObject` for a caller that wants a good object or none: throws ERR_CONTROLLER_OBJECT with all issues. */
export function parseObject(value: unknown, defaultNamespace = 'default'): MeshObject {
  const kind = objectKindOf(value);
  if (kind === undefined) {
    throw new ControllerError({
      code: 'ERR_CONTROLLER_OBJECT',
      blame: 'downstream',
      message: `expected one of the kinds ${Object.keys(KINDS).join(', ')} with its apiVersion`,
    });
  }
  const { object, issues } = inspectObject(kind, value, defaultNamespace);
  if (issues.length === 0) return object;
  throw new ControllerError({
    code: 'ERR_CONTROLLER_OBJECT',
    blame: 'downstream',
    message: `${kind} ${object.meta.name}: ${issues.map(formatIssue).join('; ')}`,
  });
}

/** Kinds that keep somebody out: one that cannot be understood must refuse what it is for rather than vanish. */
export function isGuard(kind: ObjectKind): boolean {
  return KINDS[kind].apiVersions === SECURITY;
}

/** Kinds of which also an object with faults has an effect, or a condition that says why it has none. */
export function isToldFaulty(kind: ObjectKind): boolean {
  return kind === 'RateLimit' || kind === 'FaultInjection' || kind === 'Filter' || kind === 'Telemetry';
}

/** `spec.mtls.mode: expected one of STRICT, …, got "BLAH"`. */
export function formatIssue(issue: FieldIssue): string {
  return `${formatFieldPath(issue.path)}: expected ${issue.expected}, got ${issue.got}`;
}

/** A sentence for all unknown fields together, and one for each other notice. */
export function formatNotices(notices: readonly FieldIssue[]): readonly string[] {
  const unknown = notices.filter(({ got }) => got === UNKNOWN_FIELD).map(({ path }) => formatFieldPath(path));
  const others = notices.filter(({ got }) => got !== UNKNOWN_FIELD).map(formatIssue);
  return [
    ...(unknown.length === 0 ? [] : [`unknown fields are passed over: ${unknown.join(', ')}`]),
    ...others,
  ];
}

interface KindEntry {
  readonly apiVersions: readonly string[];
  readonly options?: FieldOptions;
  /** Unknown fields are dropped, with a notice; default: they are faults. */
  readonly prunes?: true;
  readonly parse: (root: Field, defaultNamespace: string) => MeshObject;
}

const CUSTOM_RESOURCE: FieldOptions = { noNullsBelow: 'spec' };
const SECURITY = ['security.istio.io/v1', 'security.istio.io/v1beta1'];

const NODEMESH = ['nodemesh.io/v1alpha1'];

const KINDS: Readonly<Record<ObjectKind, KindEntry>> = {
  Namespace: { apiVersions: ['v1'], parse: parseNamespace },
  Pod: { apiVersions: ['v1'], parse: parsePod },
  ServiceAccount: { apiVersions: ['v1'], parse: parseServiceAccount },
  Service: { apiVersions: ['v1'], parse: parseService },
  Node: { apiVersions: ['v1'], parse: parseNode },
  ConfigMap: { apiVersions: ['v1'], parse: parseConfigMap },
  Deployment: { apiVersions: ['apps/v1'], parse: parseDeployment },
  GatewayClass: gatewayApi(['v1', 'v1beta1'], parseGatewayClass),
  Gateway: gatewayApi(['v1', 'v1beta1'], parseGateway),
  HTTPRoute: gatewayApi(['v1', 'v1beta1'], parseHttpRoute),
  GRPCRoute: gatewayApi(['v1'], parseGrpcRoute),
  TCPRoute: gatewayApi(['v1', 'v1alpha2'], parseTcpRoute),
  TLSRoute: gatewayApi(['v1', 'v1alpha3', 'v1alpha2'], parseTlsRoute),
  ReferenceGrant: gatewayApi(['v1', 'v1beta1'], parseReferenceGrant),
  EndpointSlice: { apiVersions: ['discovery.k8s.io/v1'], parse: parseEndpointSlice },
  AuthorizationPolicy: { apiVersions: SECURITY, options: CUSTOM_RESOURCE, parse: parseAuthorizationPolicy },
  PeerAuthentication: { apiVersions: SECURITY, options: CUSTOM_RESOURCE, parse: parsePeerAuthentication },
  RequestAuthentication: {
    apiVersions: SECURITY,
    options: CUSTOM_RESOURCE,
    parse: parseRequestAuthentication,
  },
  Telemetry: {
    apiVersions: ['telemetry.istio.io/v1', 'telemetry.istio.io/v1alpha1'],
    options: CUSTOM_RESOURCE,
    parse: parseTelemetry,
  },
  RateLimit: { apiVersions: NODEMESH, options: CUSTOM_RESOURCE, parse: parseRateLimit },
  FaultInjection: { apiVersions: NODEMESH, options: CUSTOM_RESOURCE, parse: parseFaultInjection },
  Filter: { apiVersions: NODEMESH, options: CUSTOM_RESOURCE, parse: parseFilter },
  TrafficPolicy: { apiVersions: NODEMESH, options: CUSTOM_RESOURCE, parse: parseTrafficPolicy },
  XBackendTrafficPolicy: {
    apiVersions: ['gateway.networking.x-k8s.io/v1alpha1'],
    prunes: true,
    parse: parseXBackendTrafficPolicy,
  },
};

function gatewayApi(versions: readonly string[], parse: KindEntry['parse']): KindEntry {
  return {
    apiVersions: versions.map((version) => `gateway.networking.k8s.io/${version}`),
    prunes: true,
    parse,
  };
}
