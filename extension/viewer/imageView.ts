import * as vscode from 'vscode';
import { reportError } from '../../runner/protocol/errors.ts';
import type { ErrorReport } from '../../runner/protocol/errors.ts';
import type { ImageRef, Triple } from '../../runner/protocol/imageView.ts';
import type { Requests } from '../../runner/protocol/rpc.ts';
import type { FirstLook } from '../../webviews/image/firstLook.ts';
import { readFromImagePage } from '../../webviews/image/messages.ts';
import type { FromImagePage, ImageQuestions, ToImagePage, ViewerCommand } from '../../webviews/image/messages.ts';
import { mendingAction, showError } from '../platform/commands.ts';
import { DisposableStore } from '../platform/lifecycle.ts';
import type { KeptStates } from '../panels/keptStates.ts';
import { PageQuestions } from '../panels/pageQuestions.ts';
import { WebviewPage } from '../panels/webviewHost.ts';
import type { Services } from '../services.ts';
import { overlayState } from './openImage.ts';
import { savePicture } from './savePicture.ts';
import type { ViewerTools } from './viewer.types.ts';

/** Voxels along the longer edge of the first picture, and how many channels of it. */
const firstPixels = 512;
const firstChannels = 3;

export interface ImageViewOptions {
  readonly image: ImageRef;
  readonly title: string;
  readonly look: FirstLook | undefined;
  readonly services: Services;
  readonly tools: ViewerTools;
  readonly kept: KeptStates;
  /** The user has moved to a point, RAS millimetres, in a view that is linked. */
  readonly onMoved: (from: ImageView, point: Triple) => void;
}

type Opening =
  | { readonly kind: 'opened'; readonly answer: Requests['image.open']['result'] }
  | { readonly kind: 'failed'; readonly error: ErrorReport };

/** An image in a webview: what its page says and is told. The page is thrown away when it is hidden, and built again with what it has kept. */
export class ImageView implements vscode.Disposable {
  readonly image: ImageRef;
  readonly panel: vscode.WebviewPanel;
  readonly #options: ImageViewOptions;
  readonly #ends = new DisposableStore();
  readonly #page: WebviewPage<ToImagePage, FromImagePage>;
  readonly #questions: PageQuestions<ImageQuestions>;
  #opening: AbortController | undefined;
  #first: Promise<Opening> | undefined;
  #look: FirstLook | undefined;
  #isOpen = false;
  #failed = false;
  /** The page has said how it is looked at, and from now on knows better than what is kept of the image: others may show it too. */
  #hasKept = false;

  constructor(panel: vscode.WebviewPanel, options: ImageViewOptions) {
    this.panel = panel;
    this.image = options.image;
    this.#options = options;
    this.#look = options.look;
    const { services, title } = options;
    // Asked while the page is being built: both take about as long.
    this.#first = this.#ask();
    this.#page = this.#ends.add(new WebviewPage<ToImagePage, FromImagePage>(panel.webview, services.context.extensionUri, {
      name: 'image', title, read: readFromImagePage,
      onMessage: (message) => { this.#on(message).catch((error: unknown) => { showError(reportError(error), services.log); }); },
      onReady: () => { this.#begin(); },
    }));
    this.#questions = this.#ends.add(new PageQuestions<ImageQuestions>((name, params, signal) => services.runner.request(name, params, { signal }), (answer) => { this.#page.post(answer); }));
    this.#ends.add(panel.onDidChangeViewState(() => {
      // A hidden page is gone: nobody waits for what it asked.
      if (panel.visible) this.#page.post({ type: 'visible', visible: true });
      else this.#rest();
    }));
    this.#ends.add(services.runner.onStatus(({ kind }) => {
      if (kind === 'connected') this.#mended();
      else if (kind === 'lost' && this.#isOpen) this.#page.post({ type: 'lost' });
    }));
    this.#ends.add(services.runner.on('credentials.changed', () => { this.#mended(); }));
    panel.onDidDispose(() => { this.dispose(); });
  }

  /** Brings it to the front and shows something of it. */
  show(look: FirstLook | undefined): void {
    this.#look = look ?? this.#look;
    if (this.panel.visible && this.#isOpen && look !== undefined) {
      this.#page.post({ type: 'look', look });
      this.#look = undefined;
    }
    this.panel.reveal();
  }

  tell(command: ViewerCommand): void {
    this.#page.post({ type: 'command', command });
  }

  /** Another view is there now. */
  follow(point: Triple): void {
    this.#page.post({ type: 'moved', point });
  }

  async #ask(): Promise<Opening> {
    this.#opening?.abort();
    const abort = new AbortController();
    this.#opening = abort;
    const { services } = this.#options;
    try {
      return { kind: 'opened', answer: await services.runner.request('image.open', { image: this.image, pixels: firstPixels, channels: firstChannels }, { signal: abort.signal }) };
    } catch (error) {
      return { kind: 'failed', error: reportError(error) };
    }
  }

  /** The page has been built: it is told all. */
  #begin(): void {
    this.#questions.forget();
    this.#isOpen = false;
    const { title, kept } = this.#options;
    this.#page.post({ type: 'show', image: this.image, title, place: { canSegment: /\.(zarr|ozx|zarr\.zip)$/i.test(this.image.uri) }, ...(this.#hasKept ? {} : { kept: kept.of(this.image.uri) }) });
    const first = this.#first ?? this.#ask();
    this.#first = undefined;
    void this.#tellOpened(first);
  }

  async #tellOpened(opening: Promise<Opening>): Promise<void> {
    const opened = await opening;
    if (opened.kind === 'failed') {
      if (opened.error.code === 'cancelled') return;
      this.#failed = true;
      const { services } = this.#options;
      services.log.error(`[${opened.error.code}] ${opened.error.message} (${this.image.uri})${opened.error.stack === undefined ? '' : `\n${opened.error.stack}`}`);
      this.#page.post({ type: 'unopened', error: opened.error });
      return;
    }
    this.#failed = false;
    this.#isOpen = true;
    const look = this.#look;
    this.#look = undefined;
    this.#page.post({ type: 'opened', answer: opened.answer, ...(look === undefined ? {} : { look }) });
  }

  /** Something is as it should be again: what could not be had is asked for once more. */
  #mended(): void {
    if (this.#failed) void this.#tellOpened(this.#ask());
    else if (this.#isOpen) this.#page.post({ type: 'mended' });
  }

  #rest(): void {
    this.#opening?.abort();
    this.#questions.forget();
    this.#isOpen = false;
  }

  async #on(message: FromImagePage): Promise<void> {
    const { services, tools, kept, onMoved } = this.#options;
    switch (message.type) {
      case 'ask':
      case 'cancel':
        this.#questions.take(message);
        break;
      case 'open':
        await this.#tellOpened(this.#ask());
        break;
      case 'keep':
        this.#hasKept = true;
        kept.keep(this.image.uri, message.kept);
        break;
      case 'moved':
        onMoved(this, message.point);
        break;
      case 'mend':
        await this.#mend(message.error);
        break;
      case 'chooseOverlay':
        await this.#chooseOverlay();
        break;
      case 'insert': {
        const { stain, threshold, plane, position } = message;
        await tools.putThreshold({ ...this.image, stain, threshold, plane, position });
        break;
      }
      case 'save':
        await savePicture(services, this.image.uri, message.name, message.png);
        break;
      case 'tell':
        if (message.level === 'info') vscode.window.setStatusBarMessage(message.text, 4000);
        else void vscode.window.showErrorMessage(message.text);
        break;
      case 'showLog':
        services.log.show();
        break;
    }
  }

  async #mend(error: ErrorReport): Promise<void> {
    const action = mendingAction({ ...error, where: error.where ?? this.image.uri });
    if (action !== undefined) await vscode.commands.executeCommand(action.command, ...action.args);
    // A sign-in goes on in its terminal, and is noticed when it has succeeded; a new runner is there now.
    if (error.code === 'runner-lost') this.#mended();
  }

  async #chooseOverlay(): Promise<void> {
    const { services, tools } = this.#options;
    const folder = this.image.uri.replace(/[^/\\]+[/\\]*$/, '');
    const uri = await tools.askAddress({ title: 'Lay Over the Image', placeholder: 'A mask, a parcellation or a map: a NIfTI file or an OME-Zarr image', verb: 'Lay Over', value: folder });
    if (uri === undefined) return;
    const storage = uri.includes('://') ? await services.files.reachOf(uri) : {};
    this.#page.post({ type: 'overlay', overlay: overlayState({ uri, storage }, this.image.storage) });
  }

  dispose(): void {
    this.#rest();
    this.#ends.dispose();
  }
}
