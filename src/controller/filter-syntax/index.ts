export { createSyntaxCheck, type SyntaxCheck } from './syntax-check.ts';
