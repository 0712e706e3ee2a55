import { EstateError, parseEstate } from '../../estate/load';

/** What is wrong with an estate, one line each as a person reads it; empty when it is right. */
export function problemsOf(yaml: string): readonly string[] {
  try {
    parseEstate(yaml, 'estate.yaml');
  } catch (error) {
    if (error instanceof EstateError) return linesOf(error);
    throw error;
  }
  return [];
}

/** The problems alone: the last line may say that there is more to come. */
export function linesOf(error: EstateError): readonly string[] {
  return error.message.split('\n').slice(0, error.problems.length);
}
