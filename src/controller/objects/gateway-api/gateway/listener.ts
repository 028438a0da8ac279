import type { Field, TextRule } from '../../fields/index.ts';
import { checkCertificateReference } from './tls.ts';
import { GROUP, HOSTNAME, KIND, PORT_NUMBER, SECTION_NAME } from '../name-rules.ts';
import { type NamespaceSelector, parseNamespaceSelector } from './namespace-selector.ts';

/** One listener of a Gateway, its defaults filled in. */
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

/** A kind of routes, by the group that it is of. */
export interface RouteGroupKind {
  readonly group: string;
  readonly kind: string;
}

/** `spec.listeners`: 1 to 64, with names of their own. */
export function parseListeners(field: Field): readonly GatewayListener[] {
  const names = new Set<string>();
  const places = new Set<string>();
  return field
    .required()
    .items(64, 1)
    .map((item) => {
      const listener = parseListener(item.required());
      const place = `${listener.port}/${listener.protocol}/${listener.hostname}`;
      if (names.has(listener.name)) item.key('name').issue('a name that no other listener has');
      if (places.has(place)) item.issue('a port, protocol and hostname that no other listener has', place);
      names.add(listener.name);
      places.add(place);
      return listener;
    });
}

function parseListener(field: Field): GatewayListener {
  field.object(['name', 'port', 'protocol', 'hostname', 'tls', 'allowedRoutes']);
  const allowed = field.key('allowedRoutes').object(['namespaces', 'kinds']);
  const protocol = field.key('protocol').required().text(PROTOCOL) ?? '';
  checkTls(field.key('tls'), protocol);
  if (STREAMS.has(protocol) && field.key('hostname').present)
    field.key('hostname').issue(`no hostname for the protocol ${protocol}`);
  return {
    name: field.key('name').required().text(SECTION_NAME) ?? '',
    port: field.key('port').required().integer(PORT_NUMBER) ?? 0,
    protocol,
    hostname: field.key('hostname').text(HOSTNAME) ?? '',
    namespaces: parseNamespaceSelector(allowed.key('namespaces')),
    kinds: allowed.key('kinds').items(8).map(parseGroupKind),
  };
}

/** The CRD's rules about what goes with which protocol; waypoints have no use for any of it. */
function checkTls(tls: Field, protocol: string): void {
  if (protocol === 'TLS') tls.required();
  if (!tls.present) return;
  tls.object(['mode', 'certificateRefs', 'options']);
  if (PLAIN.has(protocol)) tls.issue(`no tls for the protocol ${protocol}`);
  const mode = tls.key('mode').oneOf(['Terminate', 'Passthrough']) ?? 'Terminate';
  if (protocol === 'HTTPS' && mode !== 'Terminate') tls.key('mode').issue('Terminate');
  const certificates = tls.key('certificateRefs').items(64);
  for (const item of certificates) checkCertificateReference(item.required());
  const options = tls.key('options').entries();
  if (options.length > 16) tls.key('options').issue('at most 16 entries', `${options.length}`);
  for (const [, value] of options) value.text({ maxLength: 4096 });
  if (mode === 'Terminate' && certificates.length + options.length === 0) {
    tls.issue('certificateRefs or options for the mode Terminate', 'neither');
  }
}

function parseGroupKind(field: Field): RouteGroupKind {
  field.required().object(['group', 'kind']);
  return {
    group: field.key('group').text(GROUP) ?? 'gateway.networking.k8s.io',
    kind: field.key('kind').required().text(KIND) ?? '',
  };
}

const PLAIN: ReadonlySet<string> = new Set(['HTTP', 'TCP', 'UDP']);
const STREAMS: ReadonlySet<string> = new Set(['TCP', 'UDP']);
/** As the CRD has it: a name, or a domain and a name; the second alternative is anchored at its end alone. */
const PROTOCOL: TextRule = {
  minLength: 1,
  maxLength: 255,
  pattern:
    /^[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?$|[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/[A-Za-z0-9]+$/,
};
