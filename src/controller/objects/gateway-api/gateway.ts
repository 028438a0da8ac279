import type { Field } from '../fields/index.ts';
import { type ObjectMeta, parseObjectMeta } from '../object-meta.ts';
import { type NamespaceSelector, parseNamespaceSelector } from './namespace-selector.ts';

/** gateway.networking.k8s.io Gateway. In a mesh it stands for a waypoint. */
export interface GatewayObject {
  readonly kind: 'Gateway';
  readonly meta: ObjectMeta;
  readonly className: string;
  readonly listeners: readonly GatewayListener[];
  /** Where its author wants it to be reached; empty: wherever whoever deploys it puts it. */
  readonly addresses: readonly GatewayObjectAddress[];
  readonly infrastructure: GatewayInfrastructure;
  /** Where it can be reached, as whoever runs it has written. */
  readonly statusAddresses: readonly GatewayObjectAddress[];
}

export interface GatewayListener {
  readonly name: string;
  readonly port: number;
  /** `HTTP`, `HTTPS`, `TCP`, `TLS`, `UDP`, or one of an implementation's own such as `HBONE`. */
  readonly protocol: string;
  /** Empty: any. */
  readonly hostname: string;
  readonly namespaces: NamespaceSelector;
  /** Kinds of routes that may attach; empty: all that go with the protocol. */
  readonly kinds: readonly RouteGroupKind[];
}

export interface RouteGroupKind {
  readonly group: string;
  readonly kind: string;
}

export interface GatewayObjectAddress {
  /** `IPAddress` (default), `Hostname`, or one of an implementation's own. */
  readonly type: string;
  /** Empty: any of that type. */
  readonly value: string;
}

/** For everything that is made because of the Gateway. */
export interface GatewayInfrastructure {
  readonly labels: ReadonlyMap<string, string>;
  readonly annotations: ReadonlyMap<string, string>;
  readonly parametersRef:
    | { readonly group: string; readonly kind: string; readonly name: string }
    | undefined;
}

export function parseGateway(root: Field, defaultNamespace: string): GatewayObject {
  const meta = parseObjectMeta(root, { fallback: defaultNamespace });
  const spec = root.key('spec').required().object();
  const listeners = spec.key('listeners').required().items(64);
  if (listeners.length === 0) spec.key('listeners').issue('at least one listener', 'none');
  return {
    kind: 'Gateway',
    meta,
    className: spec.key('gatewayClassName').required().text({ minLength: 1, maxLength: 253 }) ?? '',
    listeners: parseListeners(listeners),
    addresses: spec.key('addresses').items(16).map(parseAddress),
    infrastructure: parseInfrastructure(spec.key('infrastructure')),
    // Another controller writes it, and not everything it may hold is our concern.
    statusAddresses: root.key('status').object().key('addresses').items().map(parseAddress),
  };
}

function parseListeners(fields: readonly Field[]): readonly GatewayListener[] {
  const names = new Set<string>();
  const places = new Set<string>();
  return fields.map((field) => {
    const listener = parseListener(field);
    const place = `${listener.port}/${listener.protocol}/${listener.hostname}`;
    if (names.has(listener.name)) field.key('name').issue('a name that no other listener has');
    if (places.has(place)) field.issue('a port, protocol and hostname that no other listener has', place);
    names.add(listener.name);
    places.add(place);
    return listener;
  });
}

function parseListener(field: Field): GatewayListener {
  field.object(['name', 'port', 'protocol', 'hostname', 'tls', 'allowedRoutes']);
  const allowed = field.key('allowedRoutes').object(['namespaces', 'kinds']);
  checkTls(field);
  return {
    name: field.key('name').required().text({ minLength: 1, maxLength: 253, pattern: SECTION }) ?? '',
    port: field.key('port').required().integer({ minimum: 1, maximum: 65535 }) ?? 0,
    protocol: field.key('protocol').required().text({ minLength: 1, maxLength: 255 }) ?? '',
    hostname: field.key('hostname').text({ minLength: 1, maxLength: 253, pattern: HOSTNAME }) ?? '',
    namespaces: parseNamespaceSelector(allowed.key('namespaces')),
    kinds: allowed.key('kinds').items(8).map(parseGroupKind),
  };
}

/** The CRD's rules about what goes with which protocol; waypoints have no use for any of it. */
function checkTls(field: Field): void {
  const protocol = String(field.key('protocol').value);
  const tls = field.key('tls').object();
  const mode = tls.key('mode').value ?? 'Terminate';
  if (tls.present && PLAIN.has(protocol)) tls.issue(`no tls for the protocol ${protocol}`);
  if (tls.present && protocol === 'HTTPS' && mode !== 'Terminate') tls.key('mode').issue('Terminate');
  if (STREAMS.has(protocol) && (field.key('hostname').value ?? '') !== '')
    field.key('hostname').issue(`no hostname for the protocol ${protocol}`);
}

function parseGroupKind(field: Field): RouteGroupKind {
  field.object(['group', 'kind']);
  return {
    group: field.key('group').text({ maxLength: 253 }) ?? 'gateway.networking.k8s.io',
    kind: field.key('kind').required().text({ minLength: 1, maxLength: 63 }) ?? '',
  };
}

function parseAddress(field: Field): GatewayObjectAddress {
  field.object(['type', 'value']);
  return {
    type: field.key('type').text({ minLength: 1, maxLength: 253 }) ?? 'IPAddress',
    value: field.key('value').text({ maxLength: 253 }) ?? '',
  };
}

function parseInfrastructure(field: Field): GatewayInfrastructure {
  field.object(['labels', 'annotations', 'parametersRef']);
  const reference = field.key('parametersRef').object(['group', 'kind', 'name']);
  return {
    labels: field.key('labels').textMap(),
    annotations: field.key('annotations').textMap(),
    parametersRef: reference.present
      ? {
          group: reference.key('group').required().text({ maxLength: 253 }) ?? '',
          kind: reference.key('kind').required().text({ minLength: 1, maxLength: 63 }) ?? '',
          name: reference.key('name').required().text({ minLength: 1, maxLength: 253 }) ?? '',
        }
      : undefined,
  };
}

const PLAIN: ReadonlySet<string> = new Set(['HTTP', 'TCP', 'UDP']);
const STREAMS: ReadonlySet<string> = new Set(['TCP', 'UDP']);
const SECTION = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const HOSTNAME = /^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
