import { EstateError, parseEstate } from '../../estate/load';

/** What is wrong with an estate, one line each as a person reads it; empty when it is right. */
export function problemsOf(yaml: string): readonly string[] {
  try {
    parseEstate(yaml, 'estate.yaml');
  } catch (error) {
    if (error instanceof EstateError) return error.message.split('\n');
    throw error;
  }
  return [];
}
