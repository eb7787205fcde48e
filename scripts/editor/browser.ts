import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'microsoft-edge', 'chrome.exe', 'msedge.exe'];
const places = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
];

/** Path of Chromium or a browser like it: `$SPIMQUANT_CHROMIUM`, else what is installed. Throws with a way out. */
export function findBrowser(env: NodeJS.ProcessEnv = process.env): string {
  const named = env['SPIMQUANT_CHROMIUM'];
  if (named) {
    if (existsSync(named)) return named;
    throw new Error(`SPIMQUANT_CHROMIUM names ${named}, which is not there.`);
  }
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const found = [...folders.flatMap((folder) => names.map((name) => join(folder, name))), ...places].find((file) => existsSync(file));
  if (found !== undefined) return found;
  throw new Error('The editor tests need Chromium, and none is installed. On Debian: apt-get install -y --no-install-recommends chromium. Elsewhere: install Chrome, or set SPIMQUANT_CHROMIUM to the path of a browser.');
}
