export { analyzeApplicationUser } from './application-uid.ts';
export { analyzeDeploymentServices } from './deployment-services.ts';
export { analyzePortNames } from './port-names.ts';
export { analyzeServiceEntryAddresses, analyzeServiceEntryProtocols } from './service-entries.ts';
