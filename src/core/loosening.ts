/** Something a new policy lets happen that the one before refused. `name` is what an operator has to repeat to allow it. */
export interface Loosening {
	name: string;
	detail: string;
}

interface Rule {
	actions: readonly string[];
	/** `'*'` or absent: every field. */
	fields?: '*' | readonly string[] | undefined;
}

interface StewardMarks extends Rule {
	roles: readonly string[];
	policies: readonly string[];
	users: readonly string[];
}

/** The part of a signed policy that opens or closes anything. */
export interface Openness {
	strength?: string | undefined;
	governed: readonly { collection: string; stewards: readonly StewardMarks[] }[];
	agents: Readonly<Record<'roles' | 'users' | 'surfaces', readonly string[]>>;
	write_allowlist: readonly (Rule & { collection: string })[];
	flows: { mode: string; helpers: readonly string[] };
	gates: { dispatch_enabled: boolean };
	visibility: Readonly<Record<string, string>>;
}

/**
 * Everything in which `after` is looser than `before`, by name. Pure. What a rule grants is compared grant by grant, so that
 * splitting, merging or reordering rules is no loosening. Source: issue "The registrar", 2; DESIGN.md §3, default deny.
 */
export function looseningsOf(before: Openness, after: Openness): Loosening[] {
	return [
		...released(before, after),
		...widenedStewards(before, after),
		...widenedAllowlist(before, after),
		...agentsLetGo(before, after),
		...switches(before, after),
	];
}

function released(before: Openness, after: Openness): Loosening[] {
	const still = new Set(after.governed.map(({ collection }) => collection));
	return before.governed
		.filter(({ collection }) => !still.has(collection))
		.map(({ collection }) => ({
			name: `governed:${collection}`,
			detail: 'is no longer governed: everybody may write it',
		}));
}

function widenedStewards(before: Openness, after: Openness): Loosening[] {
	const had = new Map(before.governed.map(({ collection, stewards }) => [collection, grantsOf(stewards)]));
	return after.governed.flatMap(({ collection, stewards }) => {
		const fresh = [...grantsOf(stewards)].filter((grant) => !covers(had.get(collection), grant));
		return fresh.length === 0 ? [] : [{ name: `stewards:${collection}`, detail: `people may ${named(fresh)}` }];
	});
}

function widenedAllowlist(before: Openness, after: Openness): Loosening[] {
	const collections = new Set(after.write_allowlist.map(({ collection }) => collection));
	return [...collections].flatMap((name) => {
		const rulesOf = (policy: Openness) => policy.write_allowlist.filter(({ collection }) => collection === name);
		const had = grantsFor('agents', rulesOf(before));
		const fresh = [...grantsFor('agents', rulesOf(after))].filter((grant) => !covers(had, grant));
		return fresh.length === 0 ? [] : [{ name: `write_allowlist:${name}`, detail: `agents may ${named(fresh)}` }];
	});
}

function agentsLetGo(before: Openness, after: Openness): Loosening[] {
	return (['roles', 'users', 'surfaces'] as const).flatMap((kind) => {
		const gone = before.agents[kind].filter((mark) => !after.agents[kind].includes(mark));
		return gone.length === 0 ? [] : [{ name: `agents:${kind}`, detail: `no longer agents: ${gone.join(', ')}` }];
	});
}

function switches(before: Openness, after: Openness): Loosening[] {
	const found: Loosening[] = [];
	const when = (looser: boolean, name: string, detail: string) => {
		if (looser) found.push({ name, detail });
	};
	const helpers = after.flows.helpers.filter((helper) => !before.flows.helpers.includes(helper));
	when(
		!before.gates.dispatch_enabled && after.gates.dispatch_enabled,
		'gates:dispatch_enabled',
		'dispatches are accepted again',
	);
	when(
		before.flows.mode === 'enforce' && after.flows.mode !== 'enforce',
		'flows:mode',
		'flows of any shape may be saved and run',
	);
	when(helpers.length > 0, 'flows:helpers', `flows may also use ${helpers.join(', ')}`);
	when(
		before.strength === undefined && after.strength !== undefined,
		'strength',
		'governed tables go back to Directus’s role: triggers alone guard them',
	);
	for (const [area, who] of Object.entries(after.visibility)) {
		when(before.visibility[area] === 'admin' && who !== 'admin', `visibility:${area}`, `every signed-in user sees it`);
	}
	return found;
}

/** One grant: somebody, an action, a field; the three as one text. */
type Grants = ReadonlySet<string>;

const grant = (who: string, action: string, field: string) => JSON.stringify([who, action, field]);

function grantsFor(who: string, rules: readonly Rule[]): Grants {
	const every = rules.flatMap(({ actions, fields = '*' }) =>
		actions.flatMap((action) =>
			fields === '*' ? [grant(who, action, '*')] : fields.map((field) => grant(who, action, field)),
		),
	);
	return new Set(every);
}

function grantsOf(stewards: readonly StewardMarks[]): Grants {
	return new Set(
		stewards.flatMap((rule) =>
			(['roles', 'policies', 'users'] as const).flatMap((kind) =>
				rule[kind].flatMap((mark) => [...grantsFor(`${kind}:${mark}`, [rule])]),
			),
		),
	);
}

/** A grant of every field covers each one; a thousand single fields never cover every field. */
function covers(had: Grants | undefined, wanted: string): boolean {
	const [who, action] = JSON.parse(wanted) as [string, string, string];
	return had !== undefined && (had.has(wanted) || had.has(grant(who, action, '*')));
}

function named(grants: readonly string[]): string {
	return grants
		.map((text) => JSON.parse(text) as [string, string, string])
		.map(
			([who, action, field]) =>
				`${action} ${field === '*' ? 'any field' : field}${who === 'agents' ? '' : ` as ${who}`}`,
		)
		.join(', ');
}
