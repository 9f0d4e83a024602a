// `node scripts/freeze-workflows.mjs <commit> <version>`: the workflows of a commit as one file, for the test of a rollout.
// The code is the commit's, the toolchain this clone's: a bundle and its worker must be of one version of the SDK.
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { bundleWorkflowCode } from '@temporalio/worker';

const root = fileURLToPath(new URL('..', import.meta.url));
const [commit, version] = process.argv.slice(2);
if (commit === undefined || version === undefined) throw new Error('want a commit and the version that it was');

// Inside the clone, so that its packages are found.
const folder = `${root}/dist/frozen-${version}`;
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const archive = execFileSync('git', ['archive', commit, 'src'], { cwd: root, maxBuffer: 256 * 1024 * 1024 });
execFileSync('tar', ['-x', '-C', folder], { input: archive });
const { code } = await bundleWorkflowCode({ workflowsPath: `${folder}/src/workflows/index.ts` });
// A worker insists on a source map; an empty one keeps the file small, and nobody debugs it.
const map = Buffer.from(JSON.stringify({ version: 3, sources: [], names: [], mappings: '' })).toString('base64');
const inline = '//# sourceMappingURL=data:application/json;charset=utf-8;base64,';
const bare = code.slice(0, code.lastIndexOf(inline)) + inline + map;
const target = `${root}/test/rollout/workflows-${version}.js.gz`;
writeFileSync(target, gzipSync(bare, { level: 9 }));
rmSync(folder, { recursive: true });
console.log(`${target}: ${bare.length} bytes of code`);
