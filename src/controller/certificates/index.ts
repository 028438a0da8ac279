export { createCertificateService } from './certificate-service.ts';
export { checkImpersonation } from './impersonation.ts';
