import * as vscode from 'vscode';
import { SpimquantError } from '../../runner/protocol/errors.ts';
import type { ImageRef } from '../../runner/protocol/imageView.ts';
import { readImagePageState } from '../../webviews/image/messages.ts';
import type { ViewerCommand } from '../../webviews/image/messages.ts';
import { addressOf } from '../filesystem/bucketUri.ts';
import { absoluteAddress } from '../forms/paths.ts';
import { KeptStates } from '../panels/keptStates.ts';
import { tabIcon } from '../panels/webviewHost.ts';
import type { Services } from '../services.ts';
import { ImageView } from './imageView.ts';
import { imageTitle, lookOf, readOpenImageRequest } from './openImage.ts';
import type { OpenImageRequest } from './openImage.types.ts';
import { imagePanelType, type ViewerTools } from './viewer.types.ts';

/** Images whose views are remembered. */
const remembered = 40;

/** The images that are shown, each in one panel or editor. */
export class ImageViews implements vscode.Disposable {
  readonly #services: Services;
  readonly #tools: ViewerTools;
  readonly #kept: KeptStates;
  readonly #views = new Set<ImageView>();

  constructor(services: Services, tools: ViewerTools) {
    this.#services = services;
    this.#tools = tools;
    this.#kept = new KeptStates(services.context.workspaceState, 'viewer.views', remembered);
  }

  /**
   * Shows an image; one that is shown already is brought to the front. `raw`: an {@link OpenImageRequest}, a URI of the
   * editor, or nothing, which asks the user.
   *
   * @throws SpimquantError `bad-option` for anything else
   */
  async open(raw: unknown): Promise<void> {
    const request = raw === undefined ? await this.#ask() : raw instanceof vscode.Uri ? { uri: addressOf(raw) ?? raw.fsPath } : readOpenImageRequest(raw);
    if (raw === undefined && request === undefined) return;
    if (request === undefined) throw new SpimquantError('bad-option', 'No image was named.', { hint: 'Open one from the Datasets view, or by SPIMquant: Open Image File….' });
    const uri = absoluteAddress(request.uri, this.#services.cwd());
    const storage = request.storage ?? await this.#reachOf(uri);
    const look = lookOf(request, storage);
    const shown = [...this.#views].find((view) => view.image.uri === uri);
    if (shown !== undefined) {
      shown.show(look);
      return;
    }
    const title = request.title ?? imageTitle(uri);
    const column = request.beside === true ? vscode.ViewColumn.Beside : vscode.ViewColumn.Active;
    this.#adopt(vscode.window.createWebviewPanel(imagePanelType, title, column, {}), { uri, storage }, title, look);
  }

  /** Fills the editor of a file. */
  async adoptEditor(resource: vscode.Uri, panel: vscode.WebviewPanel): Promise<void> {
    const uri = addressOf(resource) ?? resource.fsPath;
    this.#adopt(panel, { uri, storage: await this.#reachOf(uri) }, imageTitle(uri), undefined);
  }

  /** Takes over a panel of the window before it was reloaded. */
  async restore(panel: vscode.WebviewPanel, kept: unknown): Promise<void> {
    const state = readImagePageState(kept);
    if (state === undefined) {
      panel.dispose();
      return;
    }
    this.#adopt(panel, state.image, state.title, undefined);
  }

  /** Says something to the view in front. */
  tell(command: ViewerCommand): void {
    [...this.#views].find(({ panel }) => panel.active)?.tell(command);
  }

  async #ask(): Promise<OpenImageRequest | undefined> {
    const uri = await this.#tools.askAddress({ title: 'Open Image', placeholder: 'An OME-Zarr image or a NIfTI file: a path, or an address such as s3://bucket/…', verb: 'Open' });
    return uri === undefined ? undefined : { uri };
  }

  async #reachOf(uri: string): Promise<ImageRef['storage']> {
    return uri.includes('://') ? this.#services.files.reachOf(uri) : {};
  }

  #adopt(panel: vscode.WebviewPanel, image: ImageRef, title: string, look: ConstructorParameters<typeof ImageView>[1]['look']): void {
    panel.iconPath = tabIcon(this.#services.context.extensionUri);
    const view = new ImageView(panel, {
      image, title, look, services: this.#services, tools: this.#tools, kept: this.#kept,
      onMoved: (from, point) => { for (const each of this.#views) if (each !== from) each.follow(point); },
    });
    this.#views.add(view);
    panel.onDidDispose(() => { this.#views.delete(view); });
  }

  dispose(): void {
    for (const view of this.#views) view.dispose();
    this.#views.clear();
    this.#kept.dispose();
  }
}
