export { openCertificateFolder } from './certificate-folder.ts';
export { openSharedCertificate, type SharedCertificateOptions } from './shared-certificate.ts';
export type { ServingCertificate } from './serving-certificate.ts';
