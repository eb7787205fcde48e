// Loaded by mocha (.mocharc.json): says which tests passed only at their second attempt.
import type { Test } from 'mocha';

// mocha gives `currentRetry` to every test and leaves it out of its types.
type Retried = Test & { currentRetry(): number };

export const mochaHooks = {
  afterEach(this: Mocha.Context): void {
    const test = this.currentTest as Retried | undefined;
    if (test?.state === 'passed' && test.currentRetry() > 0) console.log(`Unsteady: passed at attempt ${test.currentRetry() + 1}: ${test.fullTitle()}`);
  },
};
