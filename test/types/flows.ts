/** What the types of flows let through and what they refuse. Nothing here runs: `tsc -p .` is the test. */
import {
  type AnyFlow,
  type AnyUnit,
  type Flow,
  type GivesOf,
  graph,
  linear,
  type NeedsOf,
  type Task,
  task,
  unordered,
} from 'taskloom';
import { type Exactly, expectType } from './exactly.ts';

const decode = task('decode', {
  requires: ['path'],
  provides: 'pixels',
  async execute({ path }: { path: string }) {
    return new Uint8Array(path.length);
  },
});
const save = task('save', {
  requires: ['pixels', 'path'],
  provides: 'saved',
  execute({ pixels }: { pixels: Uint8Array; path: string }) {
    return pixels.length > 0;
  },
});
const shout = task('shout', {
  requires: ['saved'],
  execute({ saved }: { saved: string }) {
    console.log(saved.toUpperCase());
  },
});

// Linear: needs what is not given before.
const thumbnail = linear('thumbnail').add(decode, save);
expectType<Exactly<NeedsOf<typeof thumbnail>, { path: string }>>();
expectType<Exactly<GivesOf<typeof thumbnail>, { pixels: Uint8Array<ArrayBuffer>; saved: boolean }>>();

const backwards = linear('backwards').add(save, decode);
expectType<Exactly<NeedsOf<typeof backwards>, { pixels: Uint8Array; path: string }>>();

const step = linear('step').add(decode).add(save);
expectType<Exactly<NeedsOf<typeof step>, { path: string }>>();

const listed = linear('listed').add([decode, save]);
expectType<Exactly<NeedsOf<typeof listed>, { path: string }>>();
const mixed = linear('mixed').add(decode, [save]);
expectType<Exactly<NeedsOf<typeof mixed>, { path: string }>>();

// @ts-expect-error saved is a boolean, and shout takes a string
linear('clash').add(decode, save, shout);
// @ts-expect-error the same, over two calls
linear('clash').add(decode, save).add(shout);
// @ts-expect-error the same, inside an array
linear('clash').add(decode, [save, shout]);

// The later giver counts.
const text = task('text', { provides: 'saved', execute: () => 'text' });
const overridden = linear('overridden').add(decode, save, text, shout);
expectType<Exactly<GivesOf<typeof overridden>['saved'], string>>();

// Unordered: siblings don't see each other.
const apart = unordered('apart').add(decode, save);
expectType<Exactly<NeedsOf<typeof apart>, { path: string; pixels: Uint8Array }>>();
expectType<Exactly<keyof GivesOf<typeof apart>, 'pixels' | 'saved'>>();

// Graph: in any order.
const together = graph('together').add(save, decode);
expectType<Exactly<NeedsOf<typeof together>, { path: string }>>();
const later = graph('later').add(save).add(decode).link(decode, save);
expectType<Exactly<NeedsOf<typeof later>, { path: string }>>();
expectType<Exactly<keyof GivesOf<typeof later>, 'pixels' | 'saved'>>();
// @ts-expect-error whoever comes first
graph('clash').add(shout, decode, save);
// @ts-expect-error the giver comes last, in a call of its own
graph('clash').add(shout).add(save);
// @ts-expect-error the taker comes last, in a call of its own
graph('clash').add(save).add(shout);

// Graph, with links withheld: the store may give what a unit inside gives, and need not.
const withheld = graph('withheld').add(decode).addWith({ resolveRequires: false }, save);
expectType<Exactly<NeedsOf<typeof withheld>, { path: string; pixels?: Uint8Array }>>();
expectType<Exactly<keyof GivesOf<typeof withheld>, 'pixels' | 'saved'>>();
void run(withheld, { store: { path: 'a' } });
void run(withheld, { store: { path: 'a', pixels: new Uint8Array() } });
// @ts-expect-error the types of the symbols have to fit all the same
graph('clash').add(save).addWith({ resolveExisting: false }, shout);
// @ts-expect-error no such option
graph('clash').addWith({ resolve: false }, save);

// Nested.
const nested = linear('nested').add(unordered('inner').add(decode), save);
expectType<Exactly<NeedsOf<typeof nested>, { path: string }>>();

// Every flow is an AnyFlow, an AnyUnit and a Flow of its symbols.
const anyFlows: AnyFlow[] = [thumbnail, apart, together, linear('empty')];
const anyUnits: AnyUnit[] = [...anyFlows, decode];
const typed: Flow<{ path: string }, { saved: boolean }> = thumbnail;
const oneTask: Task<{ path: string }, { pixels: Uint8Array }> = decode;
expectType<Exactly<NeedsOf<typeof typed>, { path: string }>>();

// Arrays made at run time.
declare const tasks: Task<{ path: string }, { pixels: Uint8Array }>[];
const many = linear('many').add(tasks, save);
expectType<Exactly<NeedsOf<typeof many>, { path: string }>>();
const spread = graph('spread').add(...tasks, save);
expectType<Exactly<NeedsOf<typeof spread>, { path: string }>>();
expectType<Exactly<GivesOf<typeof spread>['saved'], boolean>>();
const inner = linear('inner').add([...tasks, save], [...tasks, decode]);
expectType<Exactly<NeedsOf<typeof inner>, { path: string; pixels: Uint8Array }>>();
const innerGraph = graph('inner').add([...tasks, save], decode);
expectType<Exactly<NeedsOf<typeof innerGraph>, { path: string }>>();
// @ts-expect-error somewhere in the array
linear('clash').add(decode, save, [...tasks, shout]);
// @ts-expect-error somewhere in the array
graph('clash').add(save, [...tasks, shout]);
const unknownFlow = linear('unknown').add(anyUnits, oneTask);
expectType<Exactly<NeedsOf<typeof unknownFlow>, { path?: string }>>();
// @ts-expect-error an array that gives pixels of another type
linear('clash').add([] as Task<object, { pixels: string }>[], save);

const generated = Array.from({ length: 3 }, (_, at) =>
  task(`t${at}`, {
    requires: [`x${at}`],
    provides: `x${at + 1}`,
    execute: (args: Record<string, number>) => args,
  }),
);
const patterned = linear('patterned').add(...generated);
expectType<Exactly<GivesOf<typeof patterned>, { [symbol: `x${number}`]: Record<string, number> }>>();
declare const names: string[];
const named = names.map((name) =>
  task(name, { requires: [name], provides: name, execute: (args: Record<string, number>) => args }),
);
const dynamic = linear('dynamic').add(named, save);
expectType<Exactly<GivesOf<typeof dynamic>['anything'], unknown>>();
expectType<Exactly<GivesOf<typeof dynamic>['saved'], boolean>>();
expectType<Exactly<NeedsOf<typeof dynamic>, { path?: string; pixels?: Uint8Array }>>();

// Junk.
// @ts-expect-error a promise
linear('junk').add(Promise.resolve(decode));
// @ts-expect-error a function
linear('junk').add(() => decode);
// @ts-expect-error undefined
linear('junk').add(undefined);
// @ts-expect-error no such option
linear('junk', { retries: 3 });

// What run() does with it.
declare function run<U extends AnyUnit>(
  flow: U,
  // biome-ignore lint/complexity/noBannedTypes: {} asks whether every need is optional
  ...options: {} extends NeedsOf<U> ? [{ store?: NeedsOf<U> }?] : [{ store: NeedsOf<U> }]
): Promise<GivesOf<U>>;

const results = await run(thumbnail, { store: { path: 'cat.png' } });
expectType<Exactly<typeof results.saved, boolean>>();
await run(linear('empty'));
await run(decode, { store: { path: 'cat.png' } });
// @ts-expect-error path is missing
await run(thumbnail, { store: {} });
// @ts-expect-error path is a string
await run(thumbnail, { store: { path: 5 } });
// @ts-expect-error the store is missing
await run(thumbnail);
// @ts-expect-error nobody provides this
results.thumbnail;
