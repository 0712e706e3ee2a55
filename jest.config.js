/** Tests run from the TypeScript sources; what they start as separate programs runs from `dist`. */
module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  // Only so that a test which hangs ends: the machine may be busy, and what a test waits for has limits of its own.
  testTimeout: 600_000,
  // Most of a test is waiting for a world; with four at a time two cores are full, and waits take several times as long.
  maxWorkers: 3,
  testSequencer: '<rootDir>/jest.sequencer.js',
  transform: {
    '^.+\\.(ts|js|mjs)$': [
      '@swc/jest',
      {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
        module: { type: 'commonjs' },
        swcrc: false,
      },
    ],
  },
  // Packages that ship only ES modules.
  transformIgnorePatterns: [
    '/node_modules/(?!(@clack|hono|@hono|sisteransi|fast-xml-parser|strnum|jose)/)',
    '<rootDir>/dist/',
  ],
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  globalSetup: '<rootDir>/test/support/global-setup.ts',
  globalTeardown: '<rootDir>/test/support/global-teardown.ts',
};
