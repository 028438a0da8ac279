export { type Arrivals, createArrivals } from './arrivals.ts';
export type { Attachment } from './attachment.ts';
export type { CniCommand } from './cni-error.ts';
export { createMemberships, type Memberships } from './memberships.ts';
export { createNewPods } from './new-pods.ts';
