import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { HostLost } from '../../../lab/hosts/scripts';
import { FILE_SERVER, NODE, TestFleet, until } from './support';

let test: TestFleet;
beforeEach(() => {
  test = new TestFleet();
});
afterEach(() => test.end());

describe('commands on a machine', () => {
  beforeEach(() => test.fleet.launch(FILE_SERVER));

  it('really run, with the exit code, output and error output of the shell', async () => {
    const result = await test.run('echo out; echo err >&2; pwd; exit 7');
    expect(result).toEqual({
      exitCode: 7,
      stdout: `out\n${test.directory.host(FILE_SERVER.instanceId)}\n`,
      stderr: 'err\n',
      timedOut: false,
    });
  });

  it('honour their own interpreter line', async () => {
    const { stdout } = await test.run('#!/usr/bin/env bash\nwords=(a b c)\necho "${#words[@]}"');
    expect(stdout).toBe('3\n');
  });

  it('are killed as a group when they take too long', async () => {
    const result = await test.run("sh -c 'echo $$; exec sleep 977' & echo begun; wait", 0.5);
    expect(result.timedOut).toBe(true);
    expect(result.exitCode).toBe(-1);
    expect(result.stdout).toContain('begun');
    const pid = Number(/^\d+$/m.exec(result.stdout)?.[0]);
    await until('the child is gone', () => !alive(pid));
  });

  it('are not waited for beyond their end when a child in the background holds the output', async () => {
    const begun = Date.now();
    const { stdout } = await test.run('sleep 30 & echo $!');
    expect(Date.now() - begun).toBeLessThan(10_000);
    expect(alive(Number(stdout))).toBe(true);
    await test.fleet.terminate(FILE_SERVER.instanceId);
    await until('the child is gone with its machine', () => !alive(Number(stdout)));
  });

  it('let sudo, runuser and chown to an unknown user pass, but not chown of a missing file', async () => {
    const { stdout, exitCode } = await test.run(
      'touch tmp/a; sudo -n -u bitbucket echo one; runuser -u bitbucket -- echo two; chown -R bitbucket:bitbucket tmp/a && sudo chown bitbucket tmp/b',
    );
    expect(stdout).toBe('one\ntwo\n');
    expect(exitCode).toBe(1);
  });
});

describe('volumes', () => {
  beforeEach(async () => {
    await test.fleet.launch(FILE_SERVER);
    await test.fleet.attachDevice(FILE_SERVER.instanceId, '/dev/xvdf', test.volume('vol-1', 'one'));
  });

  it('are seen below their mount point only while mounted', async () => {
    const { exitCode, stdout } = await test.run(
      `mkdir -p ${test.media} && mount -t xfs -o noatime /dev/xvdf ${test.media} && ls ${test.media} && mountpoint -q ${test.media} && findmnt -no SOURCE,OPTIONS ${test.media}`,
    );
    expect(stdout).toBe('one\n/dev/xvdf rw,noatime\n');
    expect(exitCode).toBe(0);
    const after = await test.run(
      `touch ${test.media}/two; umount ${test.media}; ls ${test.media}; mountpoint ${test.media}`,
    );
    expect(after.stdout).toBe(`${test.media} is not a mountpoint\n`);
    expect(after.exitCode).not.toBe(0);
    expect(readdirSync(test.directory.volume('vol-1')).sort()).toEqual(['one', 'two']);
  });

  it('cannot be mounted twice, from a device that is not there, or outside the machine', async () => {
    await test.run(`mkdir -p ${test.media}; mount /dev/xvdf ${test.media}`);
    const again = await test.run(`mount /dev/xvdf ${test.media}`);
    expect(again.exitCode).toBe(32);
    expect(again.stderr).toContain('already mounted');
    expect((await test.run(`mkdir -p ${test.media}2; mount /dev/xvdg ${test.media}2`)).stderr).toContain(
      'does not exist',
    );
    expect((await test.run('mount /dev/xvdf /media')).stderr).toContain('outside this host');
  });

  it('cannot be detached while mounted, and can be once unmounted', async () => {
    await test.run(`mkdir -p ${test.media}; mount /dev/xvdf ${test.media}`);
    await expect(test.fleet.detachDevice(FILE_SERVER.instanceId, '/dev/xvdf')).rejects.toThrow('busy');
    expect((await test.run(`umount ${test.media}`)).exitCode).toBe(0);
    await test.fleet.detachDevice(FILE_SERVER.instanceId, '/dev/xvdf');
    expect((await test.run('blkid /dev/xvdf')).exitCode).toBe(2);
    await test.fleet.attachDevice(FILE_SERVER.instanceId, '/dev/xvdf', test.volume('vol-2', 'new'));
    expect((await test.run(`mount /dev/xvdf ${test.media}; ls ${test.media}`)).stdout).toBe('new\n');
  });

  it('keep their device name to themselves', async () => {
    const attach = test.fleet.attachDevice(FILE_SERVER.instanceId, '/dev/xvdf', test.volume('vol-2'));
    await expect(attach).rejects.toThrow('/dev/xvdf already holds vol-1');
  });

  it('are known by the serial number of their volume', async () => {
    expect((await test.run('lsblk -ndo SERIAL /dev/xvdf')).stdout).toBe('vol1\n');
    expect((await test.run('blkid -o value -s TYPE /dev/xvdf')).stdout).toBe('xfs\n');
  });

  it('freeze once and thaw once, and the fleet knows what is left frozen', async () => {
    await test.run(`mkdir -p ${test.media}; mount /dev/xvdf ${test.media}`);
    expect((await test.run(`fsfreeze -f ${test.media}`)).exitCode).toBe(0);
    expect(test.fleet.frozen()).toEqual([{ instanceId: FILE_SERVER.instanceId, mountPoint: test.media }]);
    expect((await test.run(`fsfreeze --freeze ${test.media}`)).exitCode).toBe(1);
    expect((await test.run(`fsfreeze -u ${test.media}`)).exitCode).toBe(0);
    expect((await test.run(`fsfreeze -u ${test.media}`)).exitCode).toBe(1);
    expect(test.fleet.frozen()).toEqual([]);
  });
});

describe('exports', () => {
  const etab = (): string => readFileSync(test.fleet.exportFile(FILE_SERVER.instanceId), 'utf8');
  beforeEach(async () => {
    await test.fleet.launch(FILE_SERVER);
    await test.run(
      `mkdir -p ${test.media}/shared; exportfs -o rw,no_root_squash 10.0.0.0/16:${test.media}/shared`,
    );
  });

  it('list the directory as the first word of a line, with the options', async () => {
    expect(etab()).toBe(
      `${test.media}/shared\t10.0.0.0/16(sync,wdelay,hide,no_subtree_check,sec=sys,secure,no_all_squash,rw,no_root_squash)\n`,
    );
    expect((await test.run('exportfs -v')).stdout).toContain('10.0.0.0/16(sync');
  });

  it('keep the file system below them busy', async () => {
    await test.fleet.attachDevice(FILE_SERVER.instanceId, '/dev/xvdf', test.volume('vol-1'));
    await test.run(`mount /dev/xvdf ${test.media}`);
    expect((await test.run(`umount ${test.media}`)).stderr).toContain('target is busy');
    const { exitCode } = await test.run(
      `exportfs -u 10.0.0.0/16:${test.media}/shared && umount ${test.media}`,
    );
    expect(exitCode).toBe(0);
  });

  it('come back with the server when they were only withdrawn', async () => {
    await test.run(`exportfs -u 10.0.0.0/16:${test.media}/shared`);
    expect(etab()).toBe('');
    await test.run('systemctl restart nfs-server');
    expect(etab()).toContain(`${test.media}/shared`);
  });

  it('stay withdrawn over a loss of power when the server is disabled', async () => {
    await test.run('systemctl disable --now nfs-server');
    expect(etab()).toBe('');
    await test.fleet.crash('eu-central-1');
    await test.fleet.restore('eu-central-1');
    expect(etab()).toBe('');
    expect((await test.run('systemctl is-enabled nfs-server; systemctl is-active nfs-server')).stdout).toBe(
      'disabled\ninactive\n',
    );
    await test.run('systemctl enable --now nfs-server');
    expect(etab()).toContain(`${test.media}/shared`);
  });

  it('cannot be served by a masked server', async () => {
    const { stderr } = await test.run('systemctl mask --now nfs-server; systemctl start nfs-server');
    expect(stderr).toContain('masked');
    expect(etab()).toBe('');
    await test.run('systemctl unmask nfs-server; systemctl start nfs-server');
    expect(etab()).toContain(`${test.media}/shared`);
  });

  it('return with the power, and so do the mounts', async () => {
    await test.fleet.attachDevice(FILE_SERVER.instanceId, '/dev/xvdf', test.volume('vol-1', 'one'));
    await test.run(`mount /dev/xvdf ${test.media}`);
    await test.fleet.crash('eu-central-1');
    expect(etab()).toBe('');
    await test.fleet.restore('eu-central-1');
    expect(etab()).toContain(`${test.media}/shared`);
    expect((await test.run(`ls ${test.media}`)).stdout).toBe('one\n');
  });
});

describe('services', () => {
  beforeEach(() => test.fleet.launch(NODE));
  const systemctl = (args: string): Promise<{ stdout: string }> =>
    test.run(`systemctl ${args}`, 10, NODE.instanceId);

  it('are the program that runs: started at launch, stopped and started by systemctl', async () => {
    expect(test.programs.map((program) => program.alive)).toEqual([true]);
    expect((await systemctl('is-active atlbitbucket')).stdout).toBe('active\n');
    await systemctl('stop atlbitbucket.service');
    expect(test.programs.map((program) => program.alive)).toEqual([false]);
    expect((await systemctl('is-active atlbitbucket')).stdout).toBe('inactive\n');
    await systemctl('start atlbitbucket');
    expect(test.programs.map((program) => program.alive)).toEqual([false, true]);
  });

  it('are failed when their program ended by itself', async () => {
    await test.programs[0]!.kill();
    expect((await systemctl('is-active atlbitbucket')).stdout).toBe('failed\n');
    expect((await systemctl('show -p ActiveState --value atlbitbucket')).stdout).toBe('failed\n');
  });

  it('die with the region and boot with it, unless disabled', async () => {
    await test.fleet.crash('eu-central-1');
    expect(test.programs.map((program) => program.alive)).toEqual([false]);
    expect(test.fleet.hosts()).toEqual([{ ...NODE, up: false }]);
    await test.fleet.restore('eu-central-1');
    expect(test.programs.map((program) => program.alive)).toEqual([false, true]);
    await systemctl('disable atlbitbucket');
    await test.fleet.crash('eu-central-1');
    await test.fleet.restore('eu-central-1');
    expect(test.programs.map((program) => program.alive)).toEqual([false, false]);
  });

  it('do not touch another region', async () => {
    await test.fleet.crash('eu-west-1');
    expect(test.programs.map((program) => program.alive)).toEqual([true]);
  });
});

describe('power', () => {
  it('takes running commands with it, and refuses new ones', async () => {
    await test.fleet.launch(FILE_SERVER);
    const marker = join(test.root, 'begun');
    const running = test.run(`touch ${marker}; sleep 300`, 600);
    const outcome = expect(running).rejects.toThrow(HostLost);
    await until('the command runs', () => existsSync(marker));
    await test.fleet.crash('eu-central-1');
    await outcome;
    await expect(test.run('true')).rejects.toThrow(HostLost);
  });

  it('is not there for what is launched in a lost region until it returns', async () => {
    await test.fleet.crash('eu-central-1');
    await test.fleet.launch(NODE);
    expect(test.programs).toEqual([]);
    await test.fleet.restore('eu-central-1');
    expect(test.programs.map((program) => program.alive)).toEqual([true]);
  });

  it('ends the program and removes the machine, but not its volumes, at termination', async () => {
    await test.fleet.launch(FILE_SERVER);
    await test.fleet.attachDevice(FILE_SERVER.instanceId, '/dev/xvdf', test.volume('vol-1', 'one'));
    await test.run(`mkdir -p ${test.media}; mount /dev/xvdf ${test.media}`);
    await test.fleet.terminate(FILE_SERVER.instanceId);
    expect(test.fleet.hosts()).toEqual([]);
    expect(existsSync(test.directory.host(FILE_SERVER.instanceId))).toBe(false);
    expect(readdirSync(test.directory.volume('vol-1'))).toEqual(['one']);
  });
});

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const stat = existsSync(`/proc/${pid}/stat`) ? readFileSync(`/proc/${pid}/stat`, 'utf8') : '';
  return !/\) Z /.test(stat);
}
