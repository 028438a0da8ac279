export { analyzeAnnotations } from './annotations.ts';
export { analyzeDeprecatedFields } from './deprecation.ts';
