export type { CertificateRecord, CertificateStatus } from './certificate-status.ts';
export type { FetchPriority } from './fetch-queue.ts';
export { alarmTimeMs, rotationTimeMs } from './schedule.ts';
export type { Svid } from './svid.ts';
export type { IssueFunction } from './svid-entry.ts';
export { createSvidStore, type SvidStore, type SvidStoreOptions } from './svid-store.ts';
