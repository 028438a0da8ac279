import { Fingerprint } from './fingerprint.ts';
import type { HeldResources, HeldVisitor } from './messages.ts';

/** Visits what a client holds, whichever way its request tells it. Returns how many there are. */
export function visitHeld(resources: HeldResources, visit: HeldVisitor): number {
  if (resources.visit !== undefined) return resources.visit(visit);
  const fingerprint = new Fingerprint();
  let count = 0;
  for (const resource of resources) {
    fingerprint.set(...resource);
    visit(fingerprint, () => resource);
    count += 1;
  }
  return count;
}
