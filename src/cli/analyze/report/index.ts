export { formatJson } from './json.ts';
export { formatSarif } from './sarif.ts';
export { formatText } from './text.ts';
