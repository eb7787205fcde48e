import importX from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

/**
 * The runner's rooms from the highest to the lowest. A room may import the rooms below it, never one above or beside it
 * on the same line.
 */
const layers = [
  ['cli'],
  ['backends'],
  ['engine'],
  ['pipeline'],
  ['phantom'],
  ['templates', 'command'],
  ['bids', 'figures', 'registration'],
  ['image', 'tables', 'monitor'],
  ['storage'],
  ['kernels'],
  ['protocol'],
];

const zones = layers.flatMap((rooms, depth) =>
  rooms.map((room) => ({
    target: `./runner/${room}`,
    from: [...layers.slice(0, depth).flat(), ...rooms.filter((other) => other !== room)].map((other) => `./runner/${other}`),
    message: 'A room imports only rooms below it: see docs/architecture.md.',
  })),
).filter((zone) => zone.from.length > 0);
const frontDoors = ['./runner/cli.ts', './runner/server.ts'];

export default tseslint.config(
  { ignores: ['dist/**', 'node_modules/**', 'runner/kernels/wasm/**', '**/*.mjs', 'demo-output/**'] },
  ...tseslint.configs.recommendedTypeChecked,
  {
    files: ['**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { 'import-x': importX },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/require-await': 'off',
      'import-x/no-default-export': 'error',
      'import-x/no-restricted-paths': ['error', {
        zones: [
          ...zones,
          { target: './runner', from: ['./extension', './webviews'], message: 'The runner knows nothing of the editor.' },
          ...layers.flat().map((room) => ({ target: `./runner/${room}`, from: frontDoors, message: 'Rooms do not import the front doors.' })),
          { target: ['./extension', './webviews'], from: './runner', except: ['./protocol'], message: 'Only runner/protocol may be imported.' },
        ],
      }],
      'max-lines': ['warn', { max: 420, skipBlankLines: true, skipComments: true }],
    },
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
