import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/** Who may import whom (docs/architecture.md, "Imports point one way"). */
function only(folder, ...forbidden) {
  return {
    files: [`${folder}/**/*.ts`],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: forbidden.map((name) => ({
            regex: `^(\\.\\./)+${name}(/|$)`,
            message: `${folder} may not import ${name}: see docs/architecture.md, "Imports point one way".`,
          })),
        },
      ],
    },
  };
}

const nodeInWorkflows = {
  regex: '^(node:|@temporalio/(activity|client|worker|testing)|zod|@aws-sdk/|fs$|path$|crypto$|os$|http$)',
  message: 'Workflow code runs in the sandbox: no Node, no zod, no AWS.',
};
const outside = {
  regex: '^(\\.\\./)+(activities|estate|worker|client|lab|test)(/|$)',
  message: 'workflows import nothing outside themselves.',
};

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', 'coverage/', '*.config.js', 'jest.*.js', '.cache/'] },
  js.configs.recommended,
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['*.mjs'] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports' }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
      eqeqeq: 'error',
    },
  },
  {
    files: ['workflows/**/*.ts'],
    rules: {
      'no-restricted-imports': ['error', { patterns: [nodeInWorkflows, outside] }],
      'no-restricted-globals': [
        'error',
        'process',
        'Buffer',
        'fetch',
        'crypto',
        'performance',
        'setInterval',
        'setImmediate',
        'structuredClone',
        'queueMicrotask',
      ],
    },
  },
  {
    files: ['workflows/runbook/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            nodeInWorkflows,
            outside,
            { regex: '^\\.\\./', message: 'The kit knows none of the other parts.' },
          ],
        },
      ],
    },
  },
  {
    files: ['activities/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: '^(\\.\\./)+(worker|client|lab|test)(/|$)',
              message: 'activities may import workflows/steps, workflows/runbook and estate.',
            },
            {
              regex: '^(\\.\\./)+workflows/(?!steps/|runbook/|plan/)',
              message: 'activities may import workflows/steps, workflows/plan and workflows/runbook only.',
            },
          ],
        },
      ],
    },
  },
  only('estate', 'workflows', 'activities', 'worker', 'client', 'lab', 'test'),
  only('worker', 'client', 'lab', 'test'),
  only('client', 'worker', 'test'),
  only('lab', 'test'),
  {
    files: ['test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  { files: ['**/*.mjs', '**/*.js'], ...tseslint.configs.disableTypeChecked },
);
