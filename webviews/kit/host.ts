/** What the editor gives to a page. */
interface EditorApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}

declare function acquireVsCodeApi(): EditorApi;

/** A page's line to the extension. */
export interface Host<FromPage> {
  post(message: FromPage): void;
  /** Kept with the page's panel over reloads of the window. */
  keep(state: unknown): void;
  /** What was kept. */
  kept(): unknown;
}

/**
 * Connects a page: hears what the extension sends, tells it that the page is ready. To be called once.
 *
 * @param read checks what came; undefined: not for this page, ignored
 */
export function connectHost<ToPage, FromPage>(read: (message: unknown) => ToPage | undefined, onMessage: (message: ToPage) => void): Host<FromPage> {
  const api = acquireVsCodeApi();
  window.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
    const message = read(data);
    if (message !== undefined) onMessage(message);
  });
  api.postMessage({ type: 'ready' });
  return { post: (message) => { api.postMessage(message); }, keep: (state) => { api.setState(state); }, kept: () => api.getState() };
}

/** The place that a page's script fills. */
export function pageElement(): HTMLElement {
  const element = document.getElementById('page');
  if (element === null) throw new Error('The page has no place for its content.');
  return element;
}
