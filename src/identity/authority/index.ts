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
export type { AuthorityFiles } from './authority-files.ts';
export { type AuthorityMaterial, readPluggedAuthority } from './plugged-authority.ts';
export { createSelfSignedMaterial } from './self-signed.ts';
export { createStandaloneCertificate, type StandaloneCertificate } from './standalone-certificate.ts';
