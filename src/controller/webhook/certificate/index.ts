export { openCertificateFolder } from './certificate-folder.ts';
export type { ServingCertificate } from './serving-certificate.ts';
