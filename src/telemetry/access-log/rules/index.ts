export { type AccessRules, type AccessRulesSource, ALL_RECORDS, compileAccessRules } from './access-rules.ts';
export { connectionAttributes, requestAttributes } from './attributes.ts';
