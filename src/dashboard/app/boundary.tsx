import { Component, type ComponentChildren } from 'preact';

/** A page that cannot be drawn says so, and everything around it goes on. */
export class Boundary extends Component<
  { readonly children: ComponentChildren },
  { readonly message: string }
> {
  override state = { message: '' };

  override componentDidCatch(error: unknown): void {
    this.setState({ message: error instanceof Error ? error.message : `${error}` });
  }

  override render(): ComponentChildren {
    if (this.state.message === '') return this.props.children;
    return (
      <div class="problem" role="alert">
        <p>
          <strong>This page could not be drawn: {this.state.message}</strong>
        </p>
        <p>
          The page and the process that serves it may be of different versions: load the page again. If that
          does not help, please report it together with what stands here.
        </p>
        <button type="button" onClick={() => this.setState({ message: '' })}>
          Try again
        </button>
      </div>
    );
  }
}
