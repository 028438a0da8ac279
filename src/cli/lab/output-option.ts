import { InvalidArgumentError, Option } from 'commander';
import { OUTPUT_FORMATS, type OutputFormat } from '../terminal/index.ts';

function outputFormat(text: string): OutputFormat {
  // kubectl's habit; our tables are wide already.
  const wanted = text === 'wide' ? 'table' : text;
  const format = OUTPUT_FORMATS.find((known) => known === wanted);
  if (format !== undefined) return format;
  throw new InvalidArgumentError(`Allowed choices are ${OUTPUT_FORMATS.join(', ')}.`);
}

/** `-o`: a table by default. */
export function outputOption(): Option {
  return new Option('-o, --output <format>', 'how to print')
    .choices(OUTPUT_FORMATS)
    .default('table')
    .argParser(outputFormat);
}
