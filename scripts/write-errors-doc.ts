// Writes docs/errors.md from the code tables: `node scripts/write-errors-doc.ts`. A test fails when the two differ.
import { globSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const sections: string[] = [];
for (const file of globSync('src/**/errors.ts').sort()) {
  const module: Record<string, unknown> = await import(pathToFileURL(resolve(file)).href);
  for (const [name, table] of Object.entries(module)) {
    if (!name.endsWith('_ERROR_CODES')) continue;
    const rows = Object.entries(table as Record<string, string>).map(
      ([code, meaning]) => `| \`${code}\` | ${meaning} |`,
    );
    sections.push(
      `## ${file.replace(/\/errors\.ts$/, '')}\n\n| code | meaning |\n| --- | --- |\n${rows.join('\n')}\n`,
    );
  }
}
writeFileSync(
  'docs/errors.md',
  `# Errors

Every error that nodemesh raises on purpose has a code, says who is to blame (\`downstream\`: the side that called,
\`upstream\`: the side that was called, \`local\`: this process or its machine), and keeps its cause. The same code stands in
logs, in the access log's \`error\` field and in what the CLI prints, together with a hint where there is something to do.
This page is written from the tables in the code (\`node scripts/write-errors-doc.ts\`), and a test holds the two together.

${sections.join('\n')}`,
);
