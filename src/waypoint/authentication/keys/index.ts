export type { FetchDocument, FetchedDocument } from './fetch-keys.ts';
export { isSignatureAlgorithm, type KeySet, parseKeySet } from './key-set.ts';
export type { KeySource } from './key-source.ts';
export { createKeyStore, type KeyRule, type KeyStore, type KeyStoreOptions } from './key-store.ts';
export type { RemoteKeysStatus } from './remote-keys.ts';
