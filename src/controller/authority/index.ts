export { type AuthorityFollowerOptions, followAuthority } from './authority-follower.ts';
export { type AuthorityPlace, mountedAuthority, secretAuthority } from './authority-place.ts';
export { createRecordNews, type RecordNews } from './record-news.ts';
export { createSecretFiles, type SecretFilesOptions } from './secret-files.ts';
