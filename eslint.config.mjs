import tseslint from 'typescript-eslint';

/**
 * The runner's rooms from the highest to the lowest. A room may import the rooms below it, never one above or beside it
 * on the same line, nor a front door (cli.ts, server.ts), nor anything of the editor.
 */
const layers = [
  ['cli', 'server'],
  ['explore', 'viewer', 'outputs'],
  ['backends'],
  ['engine'],
  ['pipeline'],
  ['phantom'],
  ['templates', 'command'],
  ['bids', 'figures', 'registration'],
  ['image', 'tables', 'monitor'],
  ['cloud'],
  ['transfer', 'coiled'],
  ['storage'],
  ['kernels'],
  ['wording'],
  ['protocol'],
];

const editor = { regex: '^(\\.\\./)+(extension|webviews)/', message: 'The runner knows nothing of the editor.' };
const frontDoors = { regex: '^(\\.\\./)+(cli|server|run)\\.ts$', message: 'Rooms do not import the front doors.' };

/** One block of rules per room: what it must not import. Rooms import each other by relative paths only. */
const directions = layers.flatMap((rooms, depth) =>
  rooms.map((room) => {
    const closed = [...layers.slice(0, depth).flat(), ...rooms.filter((other) => other !== room)];
    const above = closed.length === 0 ? [] : [{
      regex: `^(\\.\\./)+(${closed.join('|')})/`,
      message: 'A room imports only rooms below it: see docs/architecture.md.',
    }];
    return { files: [`runner/${room}/**/*.ts`], rules: { 'no-restricted-imports': ['error', { patterns: [...above, editor, frontDoors] }] } };
  }),
);

export default tseslint.config(
  { ignores: ['dist/**', 'node_modules/**', 'runner/kernels/wasm/**', '**/*.mjs', 'demo-output/**', '.vscode-test/**'] },
  ...tseslint.configs.recommendedTypeChecked,
  {
    files: ['**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/require-await': 'off',
      'no-restricted-exports': ['error', { restrictDefaultExports: { direct: true, named: true, defaultFrom: true, namedFrom: true, namespaceFrom: true } }],
      'max-lines': ['warn', { max: 420, skipBlankLines: true, skipComments: true }],
    },
  },
  ...directions,
  {
    files: ['extension/**/*.ts', 'webviews/**/*.ts'],
    rules: { 'no-restricted-imports': ['error', { patterns: [{ regex: '^(\\.\\./)+runner/(?!(protocol|wording|command)/)', message: 'Only runner/protocol, runner/wording and runner/command may be imported: they are pure.' }] }] },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-unused-expressions': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
    },
  },
);
