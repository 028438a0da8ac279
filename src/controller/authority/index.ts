export { followAuthority } from './authority-follower.ts';
export { type AuthorityPlace, mountedAuthority, secretAuthority } from './authority-place.ts';
export { createRecordNews } from './record-news.ts';
export { createSecretFiles } from './secret-files.ts';
