import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GATE_DEFAULTS } from '../../estate/policy-schema';

const text = readFileSync(join(__dirname, '../../docs/estate.md'), 'utf8');

function worded(rule: (typeof GATE_DEFAULTS)[keyof typeof GATE_DEFAULTS]): string {
  if (rule === 'auto') return '`auto`';
  return `${rule.approvals} of ${rule.roles.join(', ')}; ${'timeout' in rule ? rule.timeout : '30m'}`;
}

test('the page of the estate lists every gate with who passes it', () => {
  const rows = [...text.matchAll(/^\| `gates\.(\w+)`\s*\| (.*?)\s*\|/gm)].map(([, name, rule]) => [
    name,
    rule,
  ]);
  expect(new Map(rows as [string, string][])).toEqual(
    new Map(Object.entries(GATE_DEFAULTS).map(([name, rule]) => [name, worded(rule)])),
  );
});
