export {
  type Authority,
  type AuthorityOptions,
  type IssuedCertificate,
  type IssueRequest,
  openAuthority,
  type RootStatus,
  type ServerCertificate,
  type ServerCertificateRequest,
} from './authority.ts';
