import { writeFile } from 'node:fs/promises';
import { reportHtml } from '../../client/report-html';
import { playBackup } from './backup';
import { renderBackup } from './backup-ending';
import { demoCommand } from './command';

demoCommand({
  name: 'demo:backup',
  description:
    'A Bitbucket under traffic is backed up, loses all its repositories, and is restored; then the backup is proven beside it',
  play: async (stage, { json, html }) => {
    const { good } = await playBackup(stage, async (finished) => {
      if (json !== undefined) await writeFile(json, `${JSON.stringify(finished, null, 2)}\n`);
      await writeFile(html, reportHtml(finished.restore));
      const files = [html, ...(json === undefined ? [] : [json])];
      stage.terminal.out(renderBackup(finished, stage.terminal.colors, files));
    });
    return good;
  },
});
