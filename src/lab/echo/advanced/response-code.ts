/**
 * `?codes=`: `500` or `500:90,200:10`, statuses with their shares (1 without). `draw` from 0 to 1 chooses. Empty: 200; what is
 * not of this form: 400.
 */
export function chooseCode(text: string, draw: number): number {
  if (text === '') return 200;
  const slices = text.split(',').map((slice) => /^([2-5]\d\d)(?::(\d+))?$/.exec(slice));
  let total = 0;
  const ends: { readonly code: number; readonly end: number }[] = [];
  for (const slice of slices) {
    if (slice === null) return 400;
    total += Number(slice[2] ?? 1);
    ends.push({ code: Number(slice[1]), end: total });
  }
  return ends.find(({ end }) => draw * total < end)?.code ?? 400;
}
