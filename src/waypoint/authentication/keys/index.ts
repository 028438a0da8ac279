export type { FetchDocument } from './fetch-keys.ts';
export { isSignatureAlgorithm, type KeySet, parseKeySet } from './key-set.ts';
export type { KeySource } from './key-source.ts';
export { createKeyStore, type KeyRule, type KeyStore } from './key-store.ts';
