import { Option } from 'commander';
import { OUTPUT_FORMATS } from '../terminal/index.ts';

export function outputOption(): Option {
  return new Option('-o, --output <format>', 'how to print').choices(OUTPUT_FORMATS).default('table');
}
