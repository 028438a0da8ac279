/** Puts values into a template's verbs: `%q` in quotes, the others as they are, lists as `[a b]`. */
export function fillTemplate(template: string, values: readonly TemplateArgument[]): string {
  let next = 0;
  return template.replace(/%[sqvd]/g, (verb) => {
    const value = values[next++] ?? '';
    if (verb === '%q') return JSON.stringify(String(value));
    return Array.isArray(value) ? `[${value.join(' ')}]` : String(value);
  });
}

/** A value for one of a template's verbs. */
export type TemplateArgument = string | number | readonly (string | number)[];
