import { unshareNetworkNamespace } from '../system/namespace-calls.ts';
import { type NetNamespace, openNamespace, returningHome } from './network-namespace.ts';

/** A new network namespace without a name: it goes when its handle is closed and its last process has ended. Throws NetError. */
export function createAnonymousNamespace(): NetNamespace {
  return returningHome('a new one', () => {
    unshareNetworkNamespace();
    return openNamespace('/proc/thread-self/ns/net');
  });
}
