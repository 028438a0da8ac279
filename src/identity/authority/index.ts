export { type Authority, openAuthority } from './authority.ts';
export type { AuthorityOptions } from './authority-state.ts';
export type {
  IssuedCertificate,
  IssueRequest,
  ServerCertificate,
  ServerCertificateRequest,
} from './issuance.ts';
export type { RevokedSerial } from './revoked-serial.ts';
export type { RootStatus } from './rotation.ts';
