export {
  type CertificateService,
  type CertificateServiceOptions,
  createCertificateService,
} from './certificate-service.ts';
export { checkImpersonation, type ImpersonationRules, type NodePods } from './impersonation.ts';
