/** The first texts in a row, and how many more there are: `a, b and 3 more`. `most` defaults to 5. */
export function shortList(texts: readonly string[], most = 5): string {
  const shown = texts.slice(0, most).join(', ');
  return texts.length > most ? `${shown} and ${texts.length - most} more` : shown;
}
