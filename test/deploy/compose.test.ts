import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { configFields } from '../../src/config-fields.ts';
import { readConfig } from '../../src/config.ts';
import { temporalArguments } from '../../src/up/temporal/temporal-server.ts';

const root = join(__dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

interface Service {
  readonly image: string;
  readonly build?: string;
  readonly command?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: object;
  readonly restart?: string;
}
interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

const compose = parse(read('docker-compose.yml')) as Compose;
const services = Object.entries(compose.services);
const ours = services.filter(([, { build }]) => build !== undefined);
const fieldNames = configFields.map(({ name }) => name as string);
const roles = [...read('src/main.ts').matchAll(/^ {2}(\w+): async \(config\)/gm)].map(([, role]) => role);

/** Returns the name and the mark of each `${NAME}`, `${NAME:-default}` and `${NAME:?…}`. */
function variablesOf(text: string): { name: string; mark: string }[] {
  return [...text.matchAll(/\$\{(\w+)(:[-?])?/g)].map(([, name = '', mark = '']) => ({ name, mark }));
}

/** Returns the environment as Compose fills it in when the user has completed `.env`. */
function filledIn(environment: Readonly<Record<string, string>>): Record<string, string> {
  const fill = (value: string): string =>
    value.replaceAll(/\$\{\w+(?::-([^}]*)|:\?[^}]*)?\}/g, (_, usual?: string) => usual ?? 'given');
  return Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, fill(value)]));
}

describe('docker-compose.yml', () => {
  it('docker-compose.yml runs roles of the program, and only roles that exist', () => {
    expect(roles).toContain('api');
    expect(ours.map(([name, { command }]) => [name, command])).toEqual([
      ['migrate', ['migrate']],
      ['api', ['api']],
      ['worker', ['worker']],
    ]);
    for (const [, { command }] of ours) expect(roles).toEqual(expect.arrayContaining([...(command ?? [])]));
  });

  it.each(ours)('docker-compose.yml sets for %s only known variables, with valid values', (_, service) => {
    const environment = service.environment ?? {};
    expect(fieldNames).toEqual(expect.arrayContaining(Object.keys(environment)));
    const config = readConfig(filledIn(environment));
    expect(config.databaseUrl).toBe('postgres://carillon:given@postgres:5432/carillon');
    expect(config.temporalAddress).toBe('temporal:7233');
  });

  it.each(ours)('docker-compose.yml gives %s the keys and addresses that it needs', (name, { environment = {} }) => {
    // Each container has its own home. A key ring made there would differ from the others and be lost with the
    // container.
    expect(environment).toMatchObject({
      DATABASE_URL: expect.any(String),
      TEMPORAL_ADDRESS: expect.any(String),
      CARILLON_KEYS: expect.stringMatching(/^\$\{CARILLON_KEYS:\?/),
    });
    if (name === 'api') expect(environment['CARILLON_ADMIN_KEY']).toMatch(/^\$\{CARILLON_ADMIN_KEY:\?/);
  });

  it('docker-compose.yml uses exactly the variables of .env.example, and needs those without a default', () => {
    const example = [...read('.env.example').matchAll(/^(\w+)=(.*)$/gm)].map(([, name = '', value = '']) => ({
      name,
      value,
    }));
    const used = variablesOf(read('docker-compose.yml'));
    expect(new Set(used.map(({ name }) => name))).toEqual(new Set(example.map(({ name }) => name)));
    for (const { name, mark } of used) {
      const isOptional = example.some((one) => one.name === name && (one.value !== '' || name.endsWith('_ALLOW')));
      expect({ name, mark }).toEqual({ name, mark: isOptional ? ':-' : ':?' });
    }
  });

  it('docker-compose.yml pins the version of every image that is not built here', () => {
    for (const [, { image, build }] of services)
      if (build === undefined) expect(image).toMatch(/^[\w./-]+:\d+\.\d+[\w.-]*$/);
    const { image: server } = compose.services['temporal'] ?? { image: '' };
    expect(server).toBe(
      `temporalio/server:${/server: '([\d.]+)'/.exec(read('src/up/temporal/temporal-sources.ts'))?.[1]}`,
    );
    for (const name of ['temporal-schema', 'temporal-namespace'])
      expect(compose.services[name]?.image).toContain(`:${server.split(':')[1]}-`);
  });

  it('docker-compose.yml names only files and volumes that exist', () => {
    for (const [, { volumes = [], entrypoint = [] }] of services) {
      for (const volume of volumes) {
        const [source = '', target = ''] = volume.split(':');
        if (!source.startsWith('.')) expect(compose.volumes).toHaveProperty([source]);
        else expect(existsSync(join(root, source))).toBe(true);
        const script = entrypoint.find((word) => word.startsWith(`${target}/`));
        if (script !== undefined) expect(existsSync(join(root, source, script.slice(target.length)))).toBe(true);
      }
    }
  });

  it('docker-compose.yml publishes ports only on this machine', () => {
    for (const [, { ports = [] }] of services) for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
  });

  it('docker-compose.yml starts each service after healthy servers and completed jobs', () => {
    for (const [name, { depends_on: needs = {}, restart }] of services) {
      for (const [needed, { condition }] of Object.entries(needs)) {
        const service = compose.services[needed];
        const isJob = service?.restart?.startsWith('on-failure') === true;
        expect({ name, needed, condition }).toEqual({
          name,
          needed,
          condition: isJob ? 'service_completed_successfully' : 'service_healthy',
        });
        if (!isJob) expect(service?.healthcheck).toBeDefined();
      }
      expect(restart).toMatch(/^(?:unless-stopped|on-failure:\d+)$/);
    }
  });
});

describe("Temporal's dynamic configuration", () => {
  it('the dynamic configuration of Temporal has every value that `npm start` gives its own server', () => {
    const file = parse(read('deploy/temporal/dynamic-config.yaml')) as Record<string, { value: unknown }[]>;
    const given = temporalArguments({ port: 1, uiPort: 2, namespace: 'default', file: 'none' });
    const pairs = given
      .filter((_, index) => given[index - 1] === '--dynamic-config-value')
      .map((pair) => pair.split('=', 2) as [string, string]);
    expect(pairs.length).toBeGreaterThan(0);
    for (const [key, value] of pairs) expect({ [key]: file[key] }).toEqual({ [key]: [{ value: JSON.parse(value) }] });
  });
});

describe('Dockerfile', () => {
  const text = read('Dockerfile');
  const instructions = text
    .replaceAll(/\\\n\s*/g, ' ')
    .split('\n')
    .filter((line) => /^[A-Z]+ /.test(line));

  it('the Dockerfile sets only variables that the program reads', () => {
    const set = instructions
      .filter((line) => line.startsWith('ENV '))
      .flatMap((line) => [...line.matchAll(/(\w+)=\S+/g)].map(([, name]) => name));
    expect(set).toContain('CARILLON_HOST');
    expect([...fieldNames, 'NODE_ENV']).toEqual(expect.arrayContaining(set));
  });

  it('the Dockerfile copies only files that exist and that .dockerignore lets in', () => {
    const sources = instructions
      .filter((line) => line.startsWith('COPY ') && !line.includes('--from='))
      .flatMap((line) => line.split(/\s+/).slice(1, -1));
    const letIn = read('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    expect(sources).toContain('migrations');
    for (const source of sources) expect(existsSync(join(root, source))).toBe(true);
    expect(new Set(sources)).toEqual(new Set(letIn));
  });

  it('the Dockerfile runs a role as a user other than root', () => {
    expect(instructions).toContain('USER node');
    expect(instructions.at(-2)).toBe('ENTRYPOINT ["node", "dist/src/main.js"]');
    expect(roles).toContain(/^CMD \["(\w+)"\]$/.exec(instructions.at(-1) ?? '')?.[1]);
  });
});
