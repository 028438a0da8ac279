import type { Field } from '../../fields/index.ts';
import { type ObjectMeta, parseObjectMeta } from '../../object-meta.ts';
import { type GatewayObjectAddress, parseAddresses, parseStatusAddresses } from './address.ts';
import { type GatewayInfrastructure, parseInfrastructure } from './infrastructure.ts';
import { checkGatewayTls } from './tls.ts';
import { type GatewayListener, parseListeners } from './listener.ts';
import { OBJECT_NAME } from '../name-rules.ts';
import { checkLabelQuery } from './namespace-selector.ts';

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

/** Accepts exactly what the CustomResourceDefinition does: schema, defaults and CEL rules of the experimental channel. */
export function parseGateway(root: Field, defaultNamespace: string): GatewayObject {
  const meta = parseObjectMeta(root, { fallback: defaultNamespace });
  const spec = root
    .key('spec')
    .required()
    .object([
      'gatewayClassName',
      'listeners',
      'addresses',
      'infrastructure',
      'allowedListeners',
      'tls',
      'defaultScope',
    ]);
  checkGatewayTls(spec.key('tls'));
  spec.key('defaultScope').oneOf(['All', 'None']);
  const listenerSets = spec.key('allowedListeners').object(['namespaces']).key('namespaces');
  listenerSets.object(['from', 'selector']).key('from').oneOf(['All', 'Selector', 'Same', 'None']);
  checkLabelQuery(listenerSets.key('selector'));
  return {
    kind: 'Gateway',
    meta,
    className: spec.key('gatewayClassName').required().text(OBJECT_NAME) ?? '',
    listeners: parseListeners(spec.key('listeners')),
    addresses: parseAddresses(spec.key('addresses')),
    infrastructure: parseInfrastructure(spec.key('infrastructure')),
    statusAddresses: parseStatusAddresses(root),
  };
}
