export { analyzeCaCertificates } from './ca-certificates.ts';
export { analyzeSubsetPods } from './subset-pods.ts';
export { analyzeUnknownHosts } from './unknown-hosts.ts';
