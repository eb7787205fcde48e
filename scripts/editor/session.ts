// An editor with its page in a headless browser.
import { createWriteStream, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { findBrowser } from './browser.ts';
import type { EditorHost } from './host.ts';
import type { Profile } from './profile.ts';
import { serverLog, startServer, type EditorServer } from './server.ts';

const workbenchTimeoutMs = 90_000;

/** What a window loads besides the installed extensions. */
export interface WindowOptions {
  /** Folder of an extension under development. */
  readonly developmentPath?: string;
  /** Module whose `run` is called in the extension host. */
  readonly testsPath?: string;
}

export interface SessionOptions {
  readonly host: EditorHost;
  readonly profile: Profile;
  readonly env?: Readonly<Record<string, string>>;
  readonly viewport?: { readonly width: number; readonly height: number };
}

/** A server, a browser, and at most one window. */
export class EditorSession implements AsyncDisposable {
  readonly #options: SessionOptions;
  readonly #browser: Browser;
  readonly #context: BrowserContext;
  readonly #log: WriteStream;
  /** Addresses elsewhere that a page asked for, and did not get. */
  readonly foreign = new Set<string>();
  #server: EditorServer;
  #page: Page | undefined;
  #onExit: (code: number) => void = () => undefined;

  private constructor(options: SessionOptions, server: EditorServer, browser: Browser, context: BrowserContext) {
    this.#options = options;
    this.#server = server;
    this.#browser = browser;
    this.#context = context;
    this.#log = createWriteStream(join(options.profile.folder, 'page.log'), { flags: 'a' });
  }

  static async start(options: SessionOptions): Promise<EditorSession> {
    const server = await startServer({ host: options.host, profile: options.profile, logFile: serverLog(options.profile), env: options.env, testing: true });
    let browser: Browser | undefined;
    try {
      browser = await launchBrowser();
      // Nothing turns: on a machine without a graphics card, that alone would take half of a processor.
      const context = await browser.newContext({ viewport: options.viewport ?? { width: 1280, height: 800 }, reducedMotion: 'reduce' });
      const session = new EditorSession(options, server, browser, context);
      await session.#prepare();
      return session;
    } catch (error) {
      await browser?.close();
      await server[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The window that is open. */
  get page(): Page {
    if (this.#page === undefined) throw new Error('No window is open.');
    return this.#page;
  }

  get serverPid(): number {
    return this.#server.pid;
  }

  /** Opens a window; when its tests end, or its extension host does, `onExit` gets the code. */
  async open(window: WindowOptions, onExit: (code: number) => void = () => undefined): Promise<void> {
    this.#onExit = onExit;
    this.#page ??= await this.#context.newPage();
    await this.#page.goto(this.#address(window));
    await this.#page.waitForSelector('.monaco-workbench', { timeout: workbenchTimeoutMs });
  }

  /** Closes the window as a person closes a tab. */
  async close(): Promise<void> {
    this.#onExit = () => undefined;
    const page = this.#page;
    this.#page = undefined;
    await page?.close({ runBeforeUnload: false });
  }

  /** Loads the window anew. */
  async reload(onExit: (code: number) => void): Promise<void> {
    this.#onExit = onExit;
    await this.page.reload();
    await this.page.waitForSelector('.monaco-workbench', { timeout: workbenchTimeoutMs });
  }

  /** Ends the server with everything below it, at once, and starts it again on the same profile. */
  async restartServer(): Promise<void> {
    await this.close();
    await this.#server.kill();
    const { host, profile, env } = this.#options;
    // At the same address, by which the browser finds again what the window looked like.
    const { port } = this.#server;
    this.#server = await startServer({ port, host, profile, logFile: serverLog(profile), env, testing: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
    await this.#server[Symbol.asyncDispose]();
    await new Promise((resolve) => this.#log.end(resolve));
  }

  async #prepare(): Promise<void> {
    const context = this.#context;
    context.on('request', (request) => {
      const url = new URL(request.url());
      // The service worker of webviews answers for this host by itself: nothing goes out.
      const own = url.hostname === '127.0.0.1' || url.hostname.endsWith('.vscode-resource.vscode-cdn.net');
      if (/^(https?|wss?):$/.test(url.protocol) && !own) this.foreign.add(url.origin);
    });
    context.on('console', (message) => { this.#log.write(`[${message.type()}] ${message.text()}\n`); });
    context.on('weberror', (error) => { this.#log.write(`[error] ${error.error().stack ?? error.error().message}\n`); });
    await context.exposeFunction('codeAutomationLog', () => undefined);
    await context.exposeFunction('codeAutomationExit', (code: number) => { this.#onExit(code); });
  }

  #address(window: WindowOptions): string {
    const remote = (path: string): string => `vscode-remote://${this.#server.authority}${pathToFileURL(path).pathname}`;
    const payload: string[][] = [['skipWelcome', 'true']];
    if (window.developmentPath !== undefined) payload.push(['extensionDevelopmentPath', remote(window.developmentPath)]);
    if (window.testsPath !== undefined) payload.push(['extensionTestsPath', remote(window.testsPath)]);
    const { workspace } = this.#options.profile;
    return this.#server.url({ [workspace.endsWith('.code-workspace') ? 'workspace' : 'folder']: pathToFileURL(workspace).pathname, payload: JSON.stringify(payload) });
  }
}

/** A browser for which nothing but this machine exists. */
export async function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: findBrowser(),
    headless: true,
    // As the superuser, which containers often are, the browser's sandbox cannot be used.
    chromiumSandbox: process.getuid !== undefined && process.getuid() !== 0 && process.env['CI'] === undefined,
    args: ['--disable-gpu', '--enable-unsafe-swiftshader', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage', '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1'],
  });
}
