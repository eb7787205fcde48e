// What a suite in the extension host asks of the process that holds the page. Both sides share these types alone.

/** Something that can be seen. */
export interface Look {
  /** CSS, or any other selector of Playwright. */
  readonly selector: string;
  /** Text that it contains, capitals or not. */
  readonly text?: string;
  /** `page`: the workbench itself; `frames`: webviews and outputs of notebooks. */
  readonly inside?: 'page' | 'frames';
  /** Which of those that match. */
  readonly nth?: number;
  readonly timeoutMs?: number;
}

/** Position and size in pixels of the page. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Red, green and blue, 0 to 255. */
export type Pixel = readonly [number, number, number];

/** What can be done with a page. Everything waits for its condition, and fails with what was there instead. */
export interface PageCommands {
  /** Waits until it is visible; its text. */
  see(look: Look): Promise<string>;
  /** Waits until nothing like it is visible. */
  gone(look: Look): Promise<null>;
  /** Texts of all that is visible now. */
  texts(look: Look): Promise<readonly string[]>;
  attribute(look: Look & { readonly name: string }): Promise<string | null>;
  /** A style as the browser computes it. */
  style(look: Look & { readonly property: string }): Promise<string>;
  box(look: Look): Promise<Box>;
  /** Colours of a canvas at points of it, in pixels of the page from its upper left corner. */
  pixels(look: Look & { readonly at: readonly (readonly [number, number])[] }): Promise<readonly Pixel[]>;
  /** Red, green and blue (0 to 255) of points spread evenly over a canvas or a picture, row by row. */
  pixelGrid(look: Look & { readonly columns: number; readonly rows: number }): Promise<readonly (readonly [number, number, number])[]>;
  click(look: Look & { readonly button?: 'left' | 'right'; readonly times?: number }): Promise<null>;
  hover(look: Look): Promise<null>;
  /** Turns the wheel over it; positive pixels go down. */
  scroll(look: Look & { readonly by: number }): Promise<null>;
  drag(ends: { readonly from: Look; readonly to: Look }): Promise<null>;
  /** One key with modifiers, e.g. `Control+Enter`. */
  press(keys: { readonly keys: string }): Promise<null>;
  type(text: { readonly text: string }): Promise<null>;
  resize(size: { readonly width: number; readonly height: number }): Promise<null>;
  /**
   * Waits until the editor has written texts into the browser's storage, below a key of the workspace: it does so from time to
   * time, its own state once a minute, and a window that is loaded anew finds nothing that came later.
   */
  stored(wanted: { readonly key: string; readonly texts: readonly string[]; readonly timeoutMs?: number }): Promise<null>;
  /** Waits until there is a picture in the clipboard, and answers its size in pixels. */
  copiedPicture(): Promise<{ readonly width: number; readonly height: number }>;
  /** Writes a picture of the page and answers where. */
  screenshot(name: { readonly name: string }): Promise<string>;
}

/** What ran in a phase. */
export interface Summary {
  readonly passes: number;
  readonly failures: number;
  /** Tests that looked at nothing because the editor has no page. */
  readonly blind: number;
}

/** What a suite is told at its start. */
export interface PhaseInfo {
  readonly scenario: string;
  readonly phase: string;
  /** Bundled suites to load. */
  readonly files: readonly string[];
  /** Whether page commands can be used. */
  readonly page: boolean;
  /** Only tests whose title contains this. */
  readonly grep?: string;
  /** What earlier phases kept for this one. */
  readonly kept: Readonly<Record<string, unknown>>;
}

/** What the suite's runner itself says. */
export interface HostCommands {
  phase(): Promise<PhaseInfo>;
  report(line: { readonly text: string }): Promise<null>;
  /** A test has failed, and what it saw is still there. */
  failed(test: { readonly title: string }): Promise<null>;
  /** Keeps a value for later phases. */
  keep(value: { readonly name: string; readonly value: unknown }): Promise<null>;
  /** True: the extension host is to end by itself; false: it is about to be ended. */
  summary(summary: Summary): Promise<boolean>;
}

export type DriverCommands = PageCommands & HostCommands;

/** Environment variable with the port of the driver. */
export const driverPort = 'SPIMQUANT_TEST_DRIVER_PORT';
