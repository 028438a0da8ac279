import { closeSync } from 'node:fs';
import { errnoOf } from '../../base/index.ts';
import { ipFamily, parseIpAddress } from '../../model/index.ts';
import type { NetNamespace } from '../namespace/network-namespace.ts';
import { namespaceHasIpv6 } from '../redirection/apply.ts';
import { bindSocket, openTcpSocket, setSocketOption } from '../system/socket-calls.ts';

/**
 * Those of `ports` on which something in `namespace` listens on all addresses or one, also where it would share. Nothing is
 * listened on for it, so no connection is taken from anybody. Throws NetError.
 */
export function portsInUse(namespace: NetNamespace, ports: readonly number[]): readonly number[] {
  const address = namespaceHasIpv6(namespace) ? '::' : '0.0.0.0';
  return namespace.inside(() => ports.filter((port) => isInUse(address, port)));
}

function isInUse(host: string, port: number): boolean {
  const address = parseIpAddress(host);
  const family = ipFamily(address);
  const descriptor = openTcpSocket(family);
  try {
    // What is left of connections that have ended is nobody who listens.
    setSocketOption(descriptor, 'reuseAddress', 1);
    if (family === 6) setSocketOption(descriptor, 'v6Only', 0);
    bindSocket(descriptor, { address, port });
    return false;
  } catch (error) {
    if (errnoOf(error) === 'EADDRINUSE') return true;
    throw error;
  } finally {
    closeSync(descriptor);
  }
}
