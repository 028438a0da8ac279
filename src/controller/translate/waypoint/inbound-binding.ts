import type { ApplicationTunnel } from '../../../model/index.ts';
import type {
  GatewayClassObject,
  GatewayListener,
  GatewayObject,
  NamespaceSelector,
} from '../../objects/index.ts';
import { INBOUND_BINDING, readTwin } from '../twin-name.ts';

/** How a waypoint of another make takes what the ztunnel of its node brings (wire.md §1.8); undefined: HBONE itself. */
export function inboundBinding(
  gateway: GatewayObject,
  gatewayClass: GatewayClassObject | undefined,
): ApplicationTunnel | undefined {
  const text =
    readTwin(gateway.meta.annotations, INBOUND_BINDING) ??
    readTwin(gatewayClass?.meta.annotations ?? new Map(), INBOUND_BINDING);
  const [, protocol = '', port = '0'] = /^(PROXY|NONE)(?:\/(\d{1,5}))?$/.exec(text ?? '') ?? [];
  if (protocol === '') return undefined;
  return { protocol: protocol === 'PROXY' ? 'proxy' : 'none', port: Number(port) };
}

/** Which namespaces may use the waypoint: those that the listener of its binding allows, or that of HBONE; else its own. */
export function allowedNamespaces(
  listeners: readonly GatewayListener[],
  binding: ApplicationTunnel | undefined,
): NamespaceSelector {
  const bound = binding && listeners.find((listener) => isBound(listener, binding));
  return (bound ?? listeners.find(isHbone))?.namespaces ?? { from: 'Same' };
}

/** The listener of a waypoint that takes tunnels itself. */
export function isHbone({ protocol, port }: GatewayListener): boolean {
  return protocol === 'HBONE' && port === 15008;
}

function isBound(listener: GatewayListener, binding: ApplicationTunnel): boolean {
  if (binding.port !== 0) return listener.port === binding.port;
  return binding.protocol === 'proxy' && listener.protocol === PROXY_PROTOCOL;
}

/** The listener protocol of a waypoint that takes the PROXY protocol. */
const PROXY_PROTOCOL = 'istio.io/PROXY';
