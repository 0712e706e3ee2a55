import { compareProduct } from '../../workflows/plan/restore/product-fit';
import type { ProductFacts } from '../../workflows/plan/backup/manifest';
import { compareWithBackup } from '../../workflows/steps/restore';
import type { CompareWithBackup } from '../../workflows/steps/restore';
import type { Dependencies } from '../dependencies';
import { needsPerson } from '../errors';
import { implementStep } from '../implement';
import type { StepImplementation } from '../implement';
import { findSecretProblems } from '../secrets/login';
import { firstAnswer } from './first-answer';

/** [B §13.5 #10] Before any user is let in; a silence is repeated, not taken for an answer. */
export function compareWithBackupImplementation(dependencies: Dependencies): StepImplementation {
  return implementStep<CompareWithBackup, ProductFacts>(compareWithBackup, {
    actions: [],

    check: async ({ administrator, expected }) => ({
      state: 'needed',
      before: {},
      calls: [],
      problems: await findSecretProblems(dependencies.secrets, [administrator]),
      output: expected,
    }),

    async verify(input) {
      const { version } = await firstAnswer(dependencies, input, (client) => client.applicationProperties());
      const projects = await firstAnswer(dependencies, input, (client) => client.countProjects());
      const repositories = await firstAnswer(dependencies, input, (client) => client.countRepositories());
      const found = { version, projects, repositories };
      const { less, fewer, more, unknown } = compareProduct(input.expected, found);
      const wrong = input.fewerAreTold === true ? less : [...less, ...fewer];
      if (wrong.length > 0) {
        const remedy = input.remedy === undefined ? '' : `. ${input.remedy}`;
        throw needsPerson(`the restored instance is not what was backed up: ${wrong.join('; ')}${remedy}`);
      }
      const told = [...fewer, ...more, ...unknown.map((what) => `not compared: ${what}`)];
      return { output: found, facts: { ...found }, ...(told.length === 0 ? {} : { degraded: told }) };
    },
  });
}
