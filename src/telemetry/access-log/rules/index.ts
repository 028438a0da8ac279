export {
  type AccessRules,
  type AccessRulesSource,
  ALL_RECORDS,
  compileAccessRules,
  NOTHING_ADDED,
} from './access-rules.ts';
export { connectionAttributes, requestAttributes } from './attributes.ts';
export { compileExpression, type ExpressionAttributes, unknownAttributes } from './expression.ts';
