// A program of its own, the leader of a group of processes: runs what its words name, and ends it with everything below it when its
// standard input closes. So nothing of the installed SPIMquant outlives the run, also when that is killed.
import { spawn, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

const [graceText, program, ...words] = process.argv.slice(2);
const grace = Number(graceText);
let stopping = false;

/** All processes as [id, parent, group]. */
function processes(): readonly (readonly number[])[] {
  if (process.platform === 'linux') {
    // Small containers have no ps.
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        const [state, parent, group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        return state === 'Z' ? [] : [[Number(name), Number(parent), Number(group)]];
      } catch {
        return [];
      }
    });
  }
  const { stdout } = spawnSync('ps', ['-A', '-o', 'pid=,ppid=,pgid='], { encoding: 'utf8' });
  return stdout.split('\n').map((line) => line.trim().split(/\s+/).map(Number)).filter((row) => row.length === 3);
}

const met = new Set<number>();
/** What is at work: the group, and what is below its processes, in groups of their own or not. */
function others(): readonly number[] {
  const rows = processes();
  for (const [pid, parent, group] of rows) if (pid !== process.pid && (group === process.pid || parent === process.pid)) met.add(pid);
  // A Set is iterated to what is added on the way.
  for (const above of met) for (const [pid, parent] of rows) if (parent === above && pid !== process.pid) met.add(pid);
  return rows.map(([pid]) => pid).filter((pid) => met.has(pid));
}

function send(signal: NodeJS.Signals): void {
  for (const pid of others()) {
    try {
      process.kill(pid, signal);
    } catch {
      // It has ended meanwhile.
    }
  }
}

// A signal to the group is for the others.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
const child = spawn(program, words, { stdio: ['ignore', 'inherit', 'inherit'] });

function end(code: number): void {
  // Whatever was left in the background would write into an output that is free by now.
  send('SIGKILL');
  process.exit(code);
}
child.on('error', (error) => {
  process.stderr.write(`${program}: ${error.message}\n`);
  end(127);
});
child.on('exit', (code, signal) => { end(code ?? (signal === null ? 1 : 130)); });

function stop(): void {
  if (stopping) return;
  stopping = true;
  send('SIGINT');
  setTimeout(() => { send('SIGTERM'); }, grace * 0.6);
  setTimeout(() => { end(137); }, grace);
}
process.stdin.resume();
process.stdin.on('end', stop);
process.stdin.on('error', stop);
