// `node scripts/freeze-workflows.mjs <commit> <version>`: writes the workflows of a commit to one file, for the test of
// a rollout. It uses the code of the commit and the SDK of this clone, because a bundle and the worker that runs it
// must have the same version of the SDK.
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { bundleWorkflowCode } from '@temporalio/worker';

const root = fileURLToPath(new URL('..', import.meta.url));
const [commit, version] = process.argv.slice(2);
if (commit === undefined || version === undefined) throw new Error('want a commit and the version that it was');

// The folder is inside the clone, so that the clone's packages are found.
const folder = `${root}/dist/frozen-${version}`;
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const archive = execFileSync('git', ['archive', commit, 'src'], { cwd: root, maxBuffer: 256 * 1024 * 1024 });
execFileSync('tar', ['-x', '-C', folder], { input: archive });
const { code } = await bundleWorkflowCode({ workflowsPath: `${folder}/src/workflows/index.ts` });
// A worker requires a source map. An empty one keeps the file small.
const map = Buffer.from(JSON.stringify({ version: 3, sources: [], names: [], mappings: '' })).toString('base64');
const inline = '//# sourceMappingURL=data:application/json;charset=utf-8;base64,';
const bare = code.slice(0, code.lastIndexOf(inline)) + inline + map;
const target = `${root}/test/rollout/workflows-${version}.js.gz`;
writeFileSync(target, gzipSync(bare, { level: 9 }));
rmSync(folder, { recursive: true });
console.log(`${target}: ${bare.length} bytes of code`);
