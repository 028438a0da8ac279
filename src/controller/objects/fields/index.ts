export {
  createField,
  type Field,
  type FieldIssue,
  type FieldOptions,
  type FieldPath,
  formatFieldPath,
  type TextRule,
} from './field.ts';
export { parseGoDuration } from './go-duration.ts';
