import { writeFile } from 'node:fs/promises';
import { reportHtml } from '../../client/report-html';
import { demoCommand } from './command';
import { renderFailover } from './ending';
import { playFailover } from './failover';

demoCommand({
  name: 'demo',
  description: 'A Bitbucket in two emulated regions loses its region under traffic and is failed over',
  play: async (stage, { json, html }) => {
    const report = await playFailover(stage, async (finished) => {
      if (json !== undefined) await writeFile(json, `${JSON.stringify(finished, null, 2)}\n`);
      await writeFile(html, reportHtml(finished));
      const files = [html, ...(json === undefined ? [] : [json])];
      stage.terminal.out(renderFailover(finished, stage.terminal.colors, files));
    });
    return report.outcome === 'SUCCEEDED' && report.invariants.violations.length === 0;
  },
});
