import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseCommandText } from '../../../runner/command/parse.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const names = ['README.md', 'extension/README.md', ...readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`)];
const pages = names.map((name) => ({ name, text: readFileSync(join(root, name), 'utf8') }));

interface Manifest {
  readonly contributes: {
    readonly commands: readonly { readonly title: string; readonly category?: string }[];
    readonly configuration: { readonly properties: object } | readonly { readonly properties: object }[];
  };
}

/** Text outside of code: blocks and spans are taken out. */
function prose(text: string): string {
  return text.replace(/^```[^]*?^```/gm, '').replace(/`[^`\n]*`/g, '');
}

/** Blocks of code of one language; an empty name: those without. */
function blocks(text: string, language: string): readonly string[] {
  return [...text.matchAll(/^```(\w*)\n([^]*?)^```/gm)].filter(([, name]) => name === language).map(([, , code]) => code);
}

/** The anchor of a heading, as GitHub makes it. */
function anchor(heading: string): string {
  return heading.trim().toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, '').replaceAll(' ', '-');
}

function anchorsOf(path: string): readonly string[] {
  return [...readFileSync(path, 'utf8').replace(/^```[^]*?^```/gm, '').matchAll(/^#+ (.+)$/gm)].map(([, heading]) => anchor(heading));
}

describe('pages of the documentation', () => {
  for (const { name, text } of pages) {
    it(`${name}: links and pictures lead somewhere, JSON is JSON`, () => {
      for (const [, target] of prose(text).matchAll(/\]\(([^)\s]+)\)/g)) {
        if (/^https?:/.test(target)) continue;
        const [path, fragment] = target.split('#');
        const file = path === '' ? join(root, name) : normalize(join(root, dirname(name), path));
        assert.ok(existsSync(file), `${target} is not there`);
        if (fragment !== undefined) assert.ok(anchorsOf(file).includes(fragment), `${target}: no such heading`);
      }
      for (const code of blocks(text, 'json')) assert.doesNotThrow(() => { JSON.parse(code); }, code);
    });
  }

  it('show only commands that can be parsed', () => {
    // Lines with <…>, […] or | show how commands are written.
    for (const { name, text } of pages) {
      const lines = blocks(text, '').flatMap((code) => code.replaceAll('\\\n', ' ').split('\n')).filter((line) => /^spimquant /.test(line) && !/[<[|]/.test(line));
      for (const line of lines) assert.doesNotThrow(() => { parseCommandText(line.replace(/\s+#.*$/, ''), { readFile: () => '' }); }, `${name}: ${line}`);
    }
  });

  it('are all linked from the README', () => {
    const readme = pages[0].text;
    for (const { name } of pages.slice(2)) assert.ok(readme.includes(`(${name}`), `${name} is not linked`);
  });

  it('name only settings that there are', () => {
    const { contributes } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;
    const { configuration } = contributes;
    const settings = ('properties' in configuration ? [configuration] : configuration).flatMap(({ properties }) => Object.keys(properties));
    for (const { name, text } of pages) {
      for (const [, setting] of text.matchAll(/`(spimquant\.[a-z]+\.[a-zA-Z]+)`/g)) assert.ok(settings.includes(setting), `${name}: there is no setting ${setting}`);
    }
  });

  it('name only commands that there are', () => {
    const { contributes } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;
    const titles = contributes.commands.map(({ category, title }) => `${category ?? ''}: ${title}`);
    for (const { name, text } of pages) {
      for (const [, title] of text.matchAll(/\*(SPIMquant: [^*]+)\*/g)) {
        const said = title.replace(/\s+/g, ' ').replace(/…$/, '');
        assert.ok(titles.some((each) => each.replace(/…$/, '') === said), `${name}: there is no command "${title}"`);
      }
    }
  });
});
