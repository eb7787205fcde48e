import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout. */
export const root = fileURLToPath(new URL('../../', import.meta.url));

/** Where editors, profiles and logs of tests are kept: not part of the repository. */
export const testFolder = join(root, '.vscode-test');
