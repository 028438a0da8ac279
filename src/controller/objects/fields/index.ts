export {
  createField,
  type Field,
  type FieldIssue,
  type FieldOptions,
  type FieldPath,
  formatFieldPath,
  type TextRule,
  UNKNOWN_FIELD,
} from './field.ts';
export { parseGoDuration } from './go-duration.ts';
