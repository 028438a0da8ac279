import { effect, signal } from '@preact/signals';

/** Colours: as the system has them, or as the person chose. */
export type Theme = 'system' | 'light' | 'dark';

const KEY = 'nodemesh.theme';
const THEMES: readonly Theme[] = ['system', 'light', 'dark'];

/** The person's choice. */
export const theme = signal<Theme>(THEMES.find((known) => known === localStorage.getItem(KEY)) ?? 'system');

/** Whether dark colours are shown now. */
export const isDark = signal(systemIsDark().matches);

/** Applies the choice to the page, now and whenever it or the system changes. */
export function startTheme(): void {
  const systemChange = signal(0);
  systemIsDark().addEventListener('change', () => {
    systemChange.value += 1;
  });
  effect(() => {
    systemChange.value;
    localStorage.setItem(KEY, theme.value);
    isDark.value = theme.value === 'system' ? systemIsDark().matches : theme.value === 'dark';
    document.documentElement.dataset.theme = isDark.value ? 'dark' : 'light';
  });
}

function systemIsDark(): MediaQueryList {
  return matchMedia('(prefers-color-scheme: dark)');
}
