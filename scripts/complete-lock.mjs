// For a change of package-lock.json with a registry mirror that lacks the packages of other platforms. npm then leaves
// them out of the lock file, and `npm ci` refuses it everywhere ("Missing: … from lock file"). This script adds the
// missing entries, with the version that their parent names and without a checksum. npm installs only the packages of
// its own platform.
import { readFileSync, writeFileSync } from 'node:fs';
const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'));
const { packages } = lock;
const systems = ['darwin', 'linux', 'win32', 'freebsd', 'android', 'openharmony', 'openbsd', 'netbsd', 'sunos', 'aix'];
const cpus = ['arm64', 'x64', 'ia32', 'ppc64', 's390x', 'riscv64', 'loong64', 'arm', 'wasm32', 'mips64el'];
let added = 0;
for (const [at, entry] of Object.entries({ ...packages }))
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const path = `node_modules/${name}`;
    if (packages[path] || packages[`${at}/${path}`]) continue;
    if (/[\^~><*]/.test(version)) {
      console.log('range', at, name, version);
      continue;
    }
    const words = name.split(/[/-]/);
    const os = systems.find((s) => words.includes(s)) ?? (words.includes('windows') ? 'win32' : undefined);
    const cpu = cpus.find((c) => words.includes(c));
    if (!os && !cpu) {
      console.log('no platform', name);
      continue;
    }
    const libc =
      words.includes('musl') || words.includes('musleabihf')
        ? ['musl']
        : words.includes('gnu') || words.includes('gnueabihf')
          ? ['glibc']
          : undefined;
    packages[path] = {
      version,
      ...(cpu ? { cpu: [cpu] } : {}),
      ...(entry.dev ? { dev: true } : {}),
      ...(libc && os === 'linux' ? { libc } : {}),
      license: entry.license,
      optional: true,
      ...(os ? { os: [os] } : {}),
    };
    added += 1;
  }
lock.packages = Object.fromEntries(Object.entries(packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync('package-lock.json', `${JSON.stringify(lock, undefined, 2)}\n`);
console.log('added', added);
