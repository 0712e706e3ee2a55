import type { ProductFacts } from './manifest';

/** `9.4.1, 12 projects, 340 repositories`, as plans and checks tell it. */
export function describeProduct({ version, projects, repositories }: ProductFacts): string {
  return `${version ?? 'version not known'}, ${projects ?? '?'} projects, ${repositories ?? '?'} repositories`;
}
