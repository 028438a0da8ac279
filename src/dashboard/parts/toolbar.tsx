import type { ComponentChildren, JSX } from 'preact';
import { place, setParameters } from '../app/router.ts';

/** The row of filters above what they filter. What is chosen stands in the address, so that it can be passed on. */
export function Toolbar({ children }: { readonly children: ComponentChildren }): JSX.Element {
  return <search class="toolbar">{children}</search>;
}

/** A text that names must contain; parameter `search`. */
export function SearchField({ label }: { readonly label: string }): JSX.Element {
  return (
    <label class="field">
      <span>{label}</span>
      <input
        type="search"
        value={place.value.parameters.search ?? ''}
        onInput={(event) => setParameters({ search: event.currentTarget.value })}
      />
    </label>
  );
}

/** One of several; the first stands for no parameter. */
export function Choice(props: {
  readonly label: string;
  readonly parameter: string;
  readonly options: readonly { readonly value: string; readonly text: string }[];
}): JSX.Element {
  return (
    <label class="field">
      <span>{props.label}</span>
      <select
        value={place.value.parameters[props.parameter] ?? props.options[0]?.value ?? ''}
        onChange={(event) => setParameters({ [props.parameter]: event.currentTarget.value })}
      >
        {props.options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.text}
          </option>
        ))}
      </select>
    </label>
  );
}

/** Parameter `namespace`. */
export function NamespaceChoice({ namespaces }: { readonly namespaces: Iterable<string> }): JSX.Element {
  const chosen = place.value.parameters.namespace ?? '';
  const known = [...new Set([...namespaces, chosen])].filter((name) => name !== '').sort();
  const options = [{ value: '', text: 'all' }, ...known.map((name) => ({ value: name, text: name }))];
  return <Choice label="Namespace" parameter="namespace" options={options} />;
}

/** Parameter `window`, in seconds. */
export function WindowChoice(): JSX.Element {
  return (
    <fieldset class="segments">
      <legend class="unseen">Time window</legend>
      {WINDOWS.map(({ seconds, text }) => (
        <label key={seconds}>
          <input
            type="radio"
            name="window"
            checked={chosenWindow() === seconds}
            onChange={() => setParameters({ window: `${seconds}` })}
          />
          <span>{text}</span>
        </label>
      ))}
    </fieldset>
  );
}

/** The window that was chosen, in seconds; a minute at first. */
export function chosenWindow(): number {
  const asked = Number(place.value.parameters.window);
  return WINDOWS.find(({ seconds }) => seconds === asked)?.seconds ?? 60;
}

const WINDOWS = [
  { seconds: 60, text: '1 min' },
  { seconds: 300, text: '5 min' },
  { seconds: 900, text: '15 min' },
];
