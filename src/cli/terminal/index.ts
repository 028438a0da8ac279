export { ownSequence } from './own-sequences.ts';
export { OUTPUT_FORMATS, type OutputFormat, printError, printForeign } from './print.ts';
export { createProgress, type Progress } from './progress.ts';
export { shortList } from './short-list.ts';
export { readStandardInput } from './standard-input.ts';
export { cellLines, formatTable, printable, printableLines } from './table.ts';
export { type Colours, createTerminal, type Terminal } from './terminal.ts';
