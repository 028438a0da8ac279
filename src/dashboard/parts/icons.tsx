import type { JSX } from 'preact';

/** Small drawings beside words; a screen reader hears the words alone. */
export type IconName = keyof typeof PATHS;

/** A drawing of 16 × 16 in the colour of its text. */
export function Icon({ name }: { readonly name: IconName }): JSX.Element {
  return (
    <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}

/** The path of a drawing, for inside another SVG. */
export function iconPath(name: IconName): string {
  return PATHS[name];
}

const PATHS = {
  overview: 'M2 8.5 5 5l3 4 3-6 3 5.5M2 13.5h12',
  topology:
    'M3.5 5.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4ZM12.5 10a2 2 0 1 0 0-4 2 2 0 0 0 0 4ZM5 14.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4ZM5.4 4.2l5.2 2.7M6.7 11.6l4.1-2.4M3.8 5.5l.9 5',
  workloads: 'M8 1.5 14 5v6l-6 3.5L2 11V5l6-3.5ZM2 5l6 3.5L14 5M8 8.5v6',
  connections: 'M1.5 5.5h11M9.5 2.5l3 3-3 3M14.5 10.5h-11M6.5 7.5l-3 3 3 3',
  requests: 'M2 4h7M2 8h5M2 12h7M11 5.5 13.5 8 11 10.5M13.5 8H9.5',
  refusals: 'M8 14.5a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13ZM3.5 3.5l9 9',
  services: 'M2 3h12v4H2zM2 9h12v4H2zM4.5 5h.01M4.5 11h.01',
  waypoints: 'M8 1.5v13M2.5 3h8.5l2.5 2-2.5 2H2.5ZM8 8.5H5L3 10.2 5 12h3',
  policies: 'M8 1.5 13.5 3.5v4c0 3.5-2.3 5.8-5.5 7-3.2-1.2-5.5-3.5-5.5-7v-4L8 1.5ZM5.5 8l2 2 3.5-4',
  certificates:
    'M2 2.5h12v8H9M2 2.5v8h3M7 12a2 2 0 1 0 0-4 2 2 0 0 0 0 4ZM5.8 11.8V15L7 14l1.2 1v-3.2M5 5.5h6',
  proxies:
    'M3 1.5h10v5H3zM8 6.5v3M3 9.5h10M3 9.5v2M8 9.5v2M13 9.5v2M2 11.5h2v3H2zM7 11.5h2v3H7zM12 11.5h2v3h-2z',
  trace: 'M1.5 3h7M4.5 6.5h7M6.5 10h8M4.5 13.5h5',
  lock: 'M4 7h8v7H4zM5.5 7V5a2.5 2.5 0 0 1 5 0v2',
  unlocked: 'M4 7h8v7H4zM5.5 7V4.5a2.5 2.5 0 0 1 4.8-1',
  close: 'M3.5 3.5l9 9M12.5 3.5l-9 9',
  sun: 'M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1M12 12l1 1M13 3l-1 1M4 12l-1 1',
  moon: 'M13.5 9.5A6 6 0 0 1 6.5 2.5 6 6 0 1 0 13.5 9.5Z',
  pause: 'M5 3v10M11 3v10',
  play: 'M4.5 2.5v11l9-5.5Z',
} as const;
